import type { DataSource } from 'typeorm';
import { isFinal, jobState, type Log, type Service, type TaskState } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';
import { Channel } from '../kernel/channel.js';
import { countTasks } from './ended-jobs.js';

export type JobChange = 'created' | 'ended' | 'suspended' | 'resumed';

/** Something has happened to a job as a whole. */
export interface JobEvent {
  readonly job: string;
  /** Id of its group. */
  readonly group: string;
  readonly change: JobChange;
  readonly state: TaskState;
}

export interface JobEventsOptions {
  readonly bus: MessageBus;
  readonly dataSource: DataSource;
  readonly log: Log;
}

const CHANNEL = 'jobs';

/** Tasks of a job end in crowds: one look at it is enough for all that ended in this time. */
const LOOK_MS = 100;

interface JobRow {
  readonly id: string;
  readonly group: string;
  readonly is_open: boolean;
}

/** Those of the jobs that have no task left that could still change. */
const WITHOUT_OPEN_TASKS = `
  SELECT j.id, j.group_id AS group, j.is_open FROM jobs j WHERE j.id = ANY ($1) AND NOT EXISTS (
    SELECT 1 FROM tasks t WHERE t.job_id = j.id AND t.state IN ('pending', 'ready', 'running'))`;

/** Tells every replica what happens to jobs. Who ended the last task of a job looks whether that is over. */
export class JobEvents implements Service {
  private readonly announcements: Channel<JobEvent>;
  private readonly toLookAt = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly options: JobEventsOptions) {
    this.announcements = new Channel({ bus: options.bus, name: CHANNEL, log: options.log });
  }

  start(): Promise<void> {
    return this.announcements.start();
  }

  /** Checks the jobs that are due before it stops. */
  async stop(): Promise<void> {
    if (this.timer) this.look();
    await this.looking;
    await this.announcements.stop();
  }

  /** To be called after the commit. */
  publish(event: JobEvent): void {
    this.announcements.publish(event);
  }

  /** Tasks of these jobs have ended, or no more will come: they may be over. */
  mayHaveEnded(jobs: Iterable<string>): void {
    for (const job of jobs) this.toLookAt.add(job);
    if (this.toLookAt.size > 0) this.timer ??= setTimeout(() => this.look(), LOOK_MS);
  }

  /** Calls `onEvent` for each event until the answered function is called. */
  on(onEvent: (event: JobEvent) => void): () => void {
    return this.announcements.on(onEvent);
  }

  private look(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const jobs = [...this.toLookAt];
    this.toLookAt.clear();
    this.looking = this.looking
      .then(() => this.announceEnded(jobs))
      .catch((error: unknown) => {
        this.options.log.warn({ err: error, jobs: jobs.length }, 'could not see whether jobs are over');
      });
  }

  private async announceEnded(jobs: readonly string[]): Promise<void> {
    const { dataSource } = this.options;
    const rows = (await dataSource.query(WITHOUT_OPEN_TASKS, [jobs])) as JobRow[];
    const counts =
      rows.length > 0
        ? await countTasks(
            dataSource.manager,
            rows.map(({ id }) => id),
          )
        : new Map();
    for (const { id: job, group, is_open: isOpen } of rows) {
      const state = jobState(isOpen, counts.get(job) ?? {});
      if (isFinal(state)) this.publish({ job, group, change: 'ended', state });
    }
  }
}
