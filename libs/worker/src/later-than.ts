/** The longest time that a timer of Node can wait. */
const TIMER_MAX_MS = 2_147_483_647;

/** Calls `work` once, after a time that may be longer than a timer can wait; the timer keeps no process alive. */
export function laterThan(ms: number, work: () => void): { stop(): void } {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, TIMER_MAX_MS);
    timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : work()), stepMs).unref();
  };
  wait(ms);
  return { stop: () => clearTimeout(timer) };
}
