import { EVENTS_MAX } from '../job-form.js';
import { DEFAULT_SCHEMA } from '../queue-config.js';

/** The names of what we keep in the database; simple identifiers, so they need no escaping but quotes. */
export interface QueueSchema {
  /** BullMQ's tables and functions, and the messages of the bus. */
  readonly bullmq: string;
  /** The NOTIFY channel of the bus. */
  readonly busChannel: string;
}

export function queueSchema(schema: string = DEFAULT_SCHEMA): QueueSchema {
  return { bullmq: schema, busChannel: `${schema}_bus` };
}

/** What we add to BullMQ's schema. Nobody but the coordinator's user may use it. */
export function ownTablesSql({ bullmq }: QueueSchema): string {
  return `
    CREATE UNLOGGED TABLE IF NOT EXISTS "${bullmq}".bus_message (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      body text NOT NULL,
      sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    REVOKE ALL ON SCHEMA "${bullmq}" FROM PUBLIC;`;
}

/** Marks a queue as in use; its event history is bounded by the same row. */
export function registerSql({ bullmq }: QueueSchema): string {
  return `INSERT INTO "${bullmq}".meta (queue, field, value) VALUES ($1, 'opts.maxLenEvents', '${EVENTS_MAX}')
    ON CONFLICT (queue, field) DO UPDATE SET value = EXCLUDED.value WHERE meta.value <> EXCLUDED.value`;
}
