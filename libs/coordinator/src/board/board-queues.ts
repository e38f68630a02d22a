import type { DataSource } from 'typeorm';
import { isAllowed } from '@mitosis/domain';
import type { QueuePublisher } from '@mitosis/queue';
import type { UserActor } from '../auth/authenticator.js';
import { TitledQueue } from './titled-queue.js';

/** How long the list of queues is kept; a page asks every few seconds, and many pages may be open. */
const KEEP_MS = 1_000;
/** Queues on the board: those created last. Each costs the queue server some calls whenever a page asks. */
const QUEUES_MAX = 500;

interface QueueRow {
  readonly name: string;
  readonly group_id: string;
}

export interface BoardQueuesDeps {
  readonly dataSource: DataSource;
  readonly publisher: QueuePublisher;
  /** The person who sent a request, by its headers; see `Board`. */
  viewerOf(headers: object): UserActor | undefined;
}

/** The queues as the board shows them, kept equal to the table of queues. */
export class BoardQueues {
  private readonly known = new Map<string, { readonly acting: TitledQueue; readonly reading: TitledQueue }>();
  private readAt = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;
  private current: readonly string[] = [];

  constructor(private readonly deps: BoardQueuesDeps) {}

  /** Reads the table again unless that was done just now. */
  async refresh(): Promise<void> {
    if (performance.now() - this.readAt < KEEP_MS) return;
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    await this.reading;
  }

  /** For people who may act on jobs, or for those who may look only. */
  adapters(kind: 'acting' | 'reading'): TitledQueue[] {
    return this.current.flatMap((name) => this.known.get(name)?.[kind] ?? []);
  }

  private async read(): Promise<void> {
    const rows = (await this.deps.dataSource.query(
      `SELECT name, group_id FROM (
         SELECT q.name, q.group_id FROM queues q
         JOIN groups g ON g.id = q.group_id AND g.state <> 'deleted'
         ORDER BY q.created_at DESC LIMIT ${QUEUES_MAX}) AS newest
       ORDER BY name`,
    )) as QueueRow[];
    const names = new Set(rows.map(({ name }) => name));
    for (const name of this.known.keys()) if (!names.has(name)) this.known.delete(name);
    for (const row of rows) if (!this.known.has(row.name)) this.known.set(row.name, this.open(row));
    this.current = rows.map(({ name }) => name);
    this.readAt = performance.now();
  }

  private open({ name, group_id: groupId }: QueueRow) {
    const queue = this.deps.publisher.bullQueue(name);
    const create = (readOnlyMode: boolean): TitledQueue => {
      const adapter = new TitledQueue(queue, readOnlyMode);
      adapter.setVisibilityGuard(({ headers }) => {
        const viewer = this.deps.viewerOf(headers);
        return viewer !== undefined && isAllowed(viewer, { action: 'task.read', groupId });
      });
      return adapter;
    };
    return { acting: create(false), reading: create(true) };
  }
}
