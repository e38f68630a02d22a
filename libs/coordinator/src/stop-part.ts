import type { Log } from '@mitosis/domain';

/** From when on a part that stops is a slow one. */
const SLOW_STOP_MS = 8_000;

/** Waits until a part has stopped; one that holds the stop of the process up is named in the log. */
export async function stopPart(part: string, stopped: Promise<unknown>, log: Log): Promise<void> {
  const slow = setTimeout(() => log.warn({ part }, 'still waiting for a part to stop'), SLOW_STOP_MS);
  await stopped.finally(() => clearTimeout(slow));
}
