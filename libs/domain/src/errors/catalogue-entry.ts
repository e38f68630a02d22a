/** How an error is to be handled; every edge maps a kind exactly once (HTTP status, exit code, retry). */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'timeout'
  | 'conflict'
  | 'too-large'
  | 'unsupported'
  | 'rate-limited'
  | 'unavailable';

/** What a code stands for. */
export interface CatalogueEntry {
  /** `any`: the code of a foreign response, whose status decides. */
  readonly kind: ErrorKind | 'any';
  /** What happened, as a sentence. */
  readonly means: string;
  /** What the person who meets it can do. */
  readonly todo: string;
}
