/** Ctrl-C, or a request to end: said in one word, and answered with the exit code for that. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** Aborts `left` with {@link Interrupted} at Ctrl-C and at SIGTERM, until the returned function is called. */
export function abortOnInterrupt(left: AbortController): () => void {
  const leave = (): void => left.abort(new Interrupted());
  process.once('SIGINT', leave).once('SIGTERM', leave);
  return () => void process.off('SIGINT', leave).off('SIGTERM', leave);
}
