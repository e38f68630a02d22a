import { addressBits, isInRange } from './ip-range.js';

/** The proxies of a process, as the usual environment variables name them. */
export interface ProxySettings {
  /** `HTTPS_PROXY`: for coordinators and stores with https. */
  readonly https?: string | undefined;
  /** `HTTP_PROXY`: for those with http. */
  readonly http?: string | undefined;
  /** `NO_PROXY`: what is reached without one. */
  readonly except?: string | undefined;
}

/** The settings in an environment. The lower case form wins, as with curl. */
export function proxySettings(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const find = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined;
  return { https: find('HTTPS_PROXY'), http: find('HTTP_PROXY'), except: find('NO_PROXY') };
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443' };
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * The proxy through which `url` is reached; undefined when it is reached directly. One rule for requests,
 * downloads and WebSockets. `NO_PROXY` holds names and addresses, separated by commas or spaces: `*`, `lab` or
 * `.lab` (the name and all below it), `host:port`, `10.0.0.0/8`, `[::1]`. Loopback never goes through a proxy.
 */
export function proxyFor(url: URL, { https, http, except = '' }: ProxySettings): string | undefined {
  const proxy = /^(https|wss):$/.test(url.protocol) ? https : http;
  if (proxy === undefined) return undefined;
  const host = bare(url.hostname);
  const port = url.port || (DEFAULT_PORTS[url.protocol] ?? '');
  if (LOOPBACK.has(host)) return undefined;
  const isExcepted = except.split(/[\s,]+/).some((entry) => entry !== '' && matches(entry.toLowerCase(), host, port));
  return isExcepted ? undefined : proxy;
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(host, entry);
  const [, name = entry, wantedPort] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const wanted = bare(name).replace(/^\*?\./, '');
  if (addressBits(wanted) !== undefined) return isInRange(host, wanted);
  return wanted !== '' && (host === wanted || host.endsWith(`.${wanted}`));
}

const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

/** Variables that name certificates: without them nothing is fetched where a proxy looks into what is sent. */
export const CERTIFICATE_VARIABLES: readonly string[] = [
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NIX_SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ...['PIP_CERT', 'NODE_EXTRA_CA_CERTS', 'GIT_SSL_CAINFO'],
];
