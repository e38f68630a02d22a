import { setTimeout as pause } from 'node:timers/promises';

const INTERVAL_MS = 10;

/** Waits until the condition holds; throws `message` when it doesn't in time. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  message: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs} ms: ${message}`);
    await pause(INTERVAL_MS);
  }
}

/** True while a process exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
