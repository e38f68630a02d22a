import type { SignedRequest as StoreRequest } from '@mitosis/object-store';
import type { SignedRequest } from '@mitosis/protocol';

/** A signed request of the store, as the API shows it. */
export function toWire({ method, url, headers, expiresAt, relayUrl }: StoreRequest): SignedRequest {
  return {
    method,
    url,
    headers: { ...headers },
    expires_at: expiresAt.toISOString(),
    ...(relayUrl !== undefined && { relay_url: relayUrl }),
  };
}

/** How long a signed URL is valid, in whole seconds, at least one; from the setting `signed_url_expires_in`. */
export function urlSeconds(urlLifetimeMs: number): number {
  return Math.max(Math.floor(urlLifetimeMs / 1000), 1);
}
