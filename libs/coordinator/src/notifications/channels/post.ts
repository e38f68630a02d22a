import { lookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { isInRange, isPublicAddress } from '@mitosis/domain';
import { failedBy, untilAborted, type Sent } from './channel.js';

export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Networks besides the public internet that may be reached. */
  readonly allowed: readonly string[];
  /** Instead of the system's look-up. */
  readonly lookUp?: (host: string) => Promise<LookupAddress[]>;
}

const lookUpAll = promisify(lookup);
const systemLookUp = (host: string): Promise<LookupAddress[]> => lookUpAll(host, { all: true, verbatim: true });

/** All addresses of a host, looked up for this attempt; a host that is an address is its own. */
async function addressesOf(host: string, lookUp: NonNullable<Post['lookUp']>): Promise<LookupAddress[]> {
  const family = isIP(host);
  return family > 0 ? [{ address: host, family }] : lookUp(host);
}

const refused = (why: string): Sent => ({ isDelivered: false, status: `refused: ${why}` });

/**
 * Sends `body` once. The addresses that were judged are those that are connected to: the host is looked up once, one
 * address that is not allowed refuses them all, and the connection gets the very same list. Redirects are not
 * followed, no proxy is used, and nothing of the response is read beyond its status.
 */
export async function post(request: Post): Promise<Sent> {
  const { url: text, signal, timeoutMs, allowed, lookUp = systemLookUp } = request;
  try {
    const url = new URL(text);
    const host = url.hostname.replaceAll(/[[\]]/g, '');
    const addresses = await untilAborted(signal, addressesOf(host, lookUp));
    const isAllowed = ({ address }: LookupAddress): boolean =>
      isPublicAddress(address) || allowed.some((range) => isInRange(address, range));
    if (addresses.length === 0) return refused('the host has no address');
    if (!addresses.every(isAllowed)) return refused('the address of the host is not public');
    const response = await send(url, addresses, request);
    const status = response.statusCode ?? 0;
    response.destroy();
    const isDelivered = status >= 200 && status < 300;
    const redirected = status >= 300 && status < 400 ? ', redirects are not followed' : '';
    return { isDelivered, status: `HTTP ${status}${redirected}` };
  } catch (error) {
    return failedBy(error, timeoutMs);
  }
}

function send(
  url: URL,
  addresses: readonly LookupAddress[],
  { body, headers, signal }: Pick<Post, 'body' | 'headers' | 'signal'>,
): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:';
  const options: RequestOptions = {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
    agent: isTls ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
    lookup: (_host, { all }, found) => {
      const [first] = addresses as readonly [LookupAddress];
      if (all) found(null, [...addresses]);
      else found(null, first.address, first.family);
    },
  };
  return new Promise((resolve, reject) => {
    const request = isTls ? requestHttps(url, options) : requestHttp(url, options);
    request.once('response', resolve).once('error', reject);
    // After a response with 101 there is no other one, and without this not even an error.
    request.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    request.end(body);
  });
}
