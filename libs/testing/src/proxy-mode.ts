/** What the proxy does to the traffic; see `TcpProxy.set`. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Everything arrives `delayMs` later, in both directions. */
  | { readonly kind: 'latency'; readonly delayMs: number }
  /** Connections are reset (RST), the open ones at once, new ones as they come. */
  | { readonly kind: 'reset' }
  /** Connections stay open and nothing gets through, not even an end. */
  | { readonly kind: 'half-open' }
  /** Requests get through; the first byte of an answer resets the connection instead of arriving. */
  | { readonly kind: 'drop-reply' };
