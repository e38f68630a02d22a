import type { Request, Response } from 'express';
import type { Operation } from '@mitosis/protocol';
import { isCsrfToken, isSameSite, sessionCookie, wrongCsrf } from '../auth/browser-cookies.js';

/** True when the request was let in by the cookie of a browser. */
export function isBrowser(res: Response): boolean {
  return res.locals.isBrowser === true;
}

/**
 * Lets the page use the API with the login of the browser: the cookie stands for the bearer token that programs send.
 * A browser sends it along whoever made it ask, so nothing that another site has caused counts, and a change has to
 * carry the CSRF token. What an operation asks for is checked afterwards as for everybody.
 */
export function admitBrowser({ access }: Operation, req: Request, res: Response): void {
  const token = sessionCookie(req);
  if (token === undefined || access === 'anyone' || access === 'worker' || access === 'signed') return;
  if (req.headers.authorization !== undefined) return;
  const isReading = req.method === 'GET' || req.method === 'HEAD';
  if (!isSameSite(req) && !(isReading && req.headers['sec-fetch-site'] === 'none')) throw wrongCsrf();
  if (!isReading && !isCsrfToken(req.get('x-xsrf-token'), token)) throw wrongCsrf();
  req.headers.authorization = `Bearer ${token}`;
  res.locals.isBrowser = true;
}
