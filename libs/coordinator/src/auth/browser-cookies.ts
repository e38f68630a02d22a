import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { MitoError } from '@mitosis/domain';

/** Holds the login of a browser, for the page and for the board; scripts can't read it. */
const SESSION = 'mito_board';
/** Read by our own scripts, which send it back as `X-XSRF-TOKEN`: another site can do neither. */
const CSRF = 'XSRF-TOKEN';
const PATH = '/';

/** The token of the login that a request carries. */
export function sessionCookie(req: IncomingMessage): string | undefined {
  const pairs = (req.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === SESSION)?.[1];
}

/** True when the browser speaks TLS to us, or to a proxy before us that says so. */
function isSecure(req: IncomingMessage): boolean {
  return 'encrypted' in req.socket || req.headers['x-forwarded-proto'] === 'https';
}

/** `Set-Cookie` lines of a login. */
export function loginCookies(req: IncomingMessage, token: string, expiresAt: Date): string[] {
  const rest = `Path=${PATH}; Expires=${expiresAt.toUTCString()}; SameSite=Strict${isSecure(req) ? '; Secure' : ''}`;
  return [`${SESSION}=${token}; HttpOnly; ${rest}`, `${CSRF}=${csrfToken(token)}; ${rest}`];
}

/** `Set-Cookie` lines that make the browser forget a login. */
export function logoutCookies(): string[] {
  return [SESSION, CSRF].map((name) => `${name}=; Path=${PATH}; Max-Age=0; SameSite=Strict`);
}

/** What a page of ours has to send with every change; it follows from the login and tells nothing about it. */
export function csrfToken(token: string): string {
  return createHash('sha256').update(`board csrf ${token}`).digest('base64url');
}

/** True when `sent` is the CSRF token of this login. */
export function isCsrfToken(sent: unknown, token: string): boolean {
  const expected = Buffer.from(csrfToken(token));
  const actual = Buffer.from(typeof sent === 'string' ? sent : '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** True unless a browser says that the request comes from another site (Fetch Metadata, or Origin). */
export function isSameSite(req: IncomingMessage): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin } = req.headers;
  return origin === undefined || isOwnOrigin(req, origin);
}

/** True when `origin` is the very address that the request was sent to; another port of the host is another origin. */
export function isOwnOrigin(req: IncomingMessage, origin: string | undefined): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === req.headers.host;
}

export function wrongCsrf(): MitoError {
  return new MitoError(
    'forbidden',
    'wrong_csrf_token',
    'this request does not come from a page of this coordinator; reload the page',
  );
}
