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
