/** Keeps the sources of a signal as long as the signal. */
const sources = new WeakMap<AbortSignal, readonly AbortSignal[]>();

/**
 * A signal that fires with the first of `signals`. `AbortSignal.any` holds its sources weakly in Node.js 20: an
 * `AbortSignal.timeout` that nothing else refers to is collected and never fires.
 */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  // oxlint-disable-next-line no-restricted-properties -- the one place where its sources are kept
  const signal = AbortSignal.any([...signals]);
  sources.set(signal, signals);
  return signal;
}
