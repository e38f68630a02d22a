/** A long-running part of a process. `stop` is idempotent, waits, and may be called before `start`. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What a part needs to say to its operators; pino's logger satisfies it. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** From when on a part that stops is a slow one. */
const SLOW_STOP_MS = 8_000;

/** Waits until a part has stopped; one that holds the stop of the process up is named in the log. */
export async function stopPart(part: string, stopped: Promise<unknown>, log: Log): Promise<void> {
  const slow = setTimeout(() => log.warn({ part }, 'still waiting for a part to stop'), SLOW_STOP_MS);
  await stopped.finally(() => clearTimeout(slow));
}
