import type pg from 'pg';
import type { PublisherServer } from '../bull-publisher.js';
import { registerSql, type QueueSchema } from './queue-schema.js';

type Calls = Pick<PublisherServer, 'register' | 'unregister' | 'queues' | 'finished' | 'waiting'>;

/** What the coordinator asks Postgres about queues and jobs, many jobs with one query. */
export class PostgresRegistry {
  constructor(
    private readonly pool: pg.Pool,
    private readonly schema: QueueSchema,
  ) {}

  calls(): Calls {
    return {
      register: async (queue) => void (await this.pool.query(registerSql(this.schema), [queue])),
      // Obliterating has removed the row.
      unregister: async () => {},
      queues: () => this.queues(),
      finished: (queue, jobIds) => this.inStates(queue, jobIds, ['completed', 'failed']),
      waiting: (queue, jobIds) => this.inStates(queue, jobIds, ['waiting']),
    };
  }

  private async queues(): Promise<string[]> {
    const { rows } = await this.pool.query<{ queue: string }>(
      `SELECT queue FROM "${this.schema.bullmq}".meta WHERE field = 'opts.maxLenEvents'`,
    );
    return rows.map((row) => row.queue);
  }

  private async inStates(queue: string, jobIds: readonly string[], states: readonly string[]): Promise<string[]> {
    const { rows } = await this.pool.query<{ id: string }>(
      `SELECT id FROM "${this.schema.bullmq}".job WHERE queue = $1 AND id = ANY($2) AND state::text = ANY($3)`,
      [queue, jobIds, states],
    );
    return rows.map((row) => row.id);
  }
}
