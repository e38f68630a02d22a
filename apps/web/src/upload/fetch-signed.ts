import type { SignedRequest } from '@mitosis/protocol';
import { call } from '../api/call.js';

/** Where something stored can be fetched for some minutes, by way of the coordinator. */
export async function signedAddress(path: string): Promise<string> {
  const { download } = await call<{ download: SignedRequest }>('GET', path);
  return (download.relay_url ?? download.url).replace(/^\//, '');
}

/** Has the browser save what `path` describes. */
export async function fetchSigned(path: string): Promise<void> {
  const link = document.createElement('a');
  link.href = await signedAddress(path);
  link.download = '';
  link.click();
}
