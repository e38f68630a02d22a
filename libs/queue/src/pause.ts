/** Waits for `ms`, or until `signal` fires, whichever is first; never rejects, leaves no timer. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** True when `work` settled within `ms`; its error, if any, is left to whoever owns it. */
export async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const isSettled = await Promise.race([settled, pause(ms, ended.signal).then(() => false)]);
  ended.abort();
  return isSettled;
}
