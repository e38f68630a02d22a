import { DEFAULT_SCHEMA } from '../queue-config.js';

/** The names of what we keep in the database; simple identifiers, so they need no escaping but quotes. */
export interface QueueSchema {
  /** BullMQ's own tables and functions; the coordinator's. */
  readonly bullmq: string;
  /** What workers may call, and our tables, which they can't read. */
  readonly worker: string;
  /** The NOTIFY channel of the bus. */
  readonly busChannel: string;
}

export function queueSchema(schema: string = DEFAULT_SCHEMA): QueueSchema {
  return { bullmq: schema, worker: `${schema}_worker`, busChannel: `${schema}_bus` };
}
