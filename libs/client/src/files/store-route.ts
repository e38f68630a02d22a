import { addressUrl } from '@mitosis/domain';
import type { SignedRequest } from '@mitosis/protocol';
import { ConnectTimeout } from '../net/open-request.js';

/** Where a request is sent. */
export interface Target {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** A store that could not be reached is not tried again for this long. */
const AWAY_MS = 5 * 60_000;
const CONNECTING = new Set(['connect', 'getaddrinfo']);

/**
 * The way to the object store: straight, or through the coordinator where no connection to the store
 * can be made. A store that responds, whatever its response, is never bypassed.
 */
export class StoreRoute {
  private readonly awayUntilMs = new Map<string, number>();

  constructor(
    private readonly coordinatorUrl: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Sends a signed request; `send` is called again when the first target can't be reached. */
  async take<T>(signed: SignedRequest, send: (target: Target) => Promise<T>): Promise<T> {
    const { method, headers } = signed;
    const direct = { method, headers, url: addressUrl(this.coordinatorUrl, signed.url) };
    if (signed.relay_url === undefined) return send(direct);
    const relayed = { method, headers: {}, url: addressUrl(this.coordinatorUrl, signed.relay_url) };
    const { origin } = direct.url;
    if (this.nowMs() < (this.awayUntilMs.get(origin) ?? -Infinity)) return send(relayed);
    try {
      return await send(direct);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      this.awayUntilMs.set(origin, this.nowMs() + AWAY_MS);
      return send(relayed);
    }
  }
}

/** True for an error, or for one behind it, that says that no connection was made. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof ConnectTimeout) return true;
  // A name with several addresses: each of them was tried.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isUnreachable);
  if ('syscall' in error && CONNECTING.has(String(error.syscall))) return true;
  return isUnreachable(error.cause);
}
