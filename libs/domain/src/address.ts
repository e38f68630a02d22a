import { invalidField } from './errors.js';

/** Ends of a path that mean the same: `/a/b` and `/a/b/`. */
const END_SLASHES = /\/+$/;

/**
 * The address of a coordinator as it is kept and compared: scheme, host, port and the path prefix below
 * which it is served, without a slash at its end. Throws `invalid_request` naming `field` for a scheme
 * other than HTTP, a user name or password, a query and a fragment: none of them would be sent.
 */
export function checkAddress(text: string, field = 'coordinator_addr'): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
    throw invalidField(field, `"${text}" is not an HTTP address such as http://127.0.0.1:5000`);
  if (url.username !== '' || url.password !== '')
    throw invalidField(field, 'an address holds no user name and no password; use "mito login" instead');
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text))
    throw invalidField(field, 'an address has no "?" and no "#"; leave that part out');
  return `${url.origin}${url.pathname.replace(END_SLASHES, '')}`;
}

/**
 * Where `place` is at the coordinator at `address`: the only way to make such a URL. A place that begins
 * with a slash is one below the path prefix of the address; a full URL (of a store, say) stays what it is.
 */
export function addressUrl(address: string, place: string): URL {
  if (URL.canParse(place)) return new URL(place);
  const base = new URL(address);
  const [, path = '', search = ''] = /^([^?#]*)([^#]*)/.exec(place) ?? [];
  base.pathname = `${base.pathname.replace(END_SLASHES, '')}/${path.replace(/^\/+/, '')}`;
  base.search = search;
  base.hash = '';
  return base;
}
