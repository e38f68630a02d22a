import type { ClaimedTask, FromWorker } from '@mitosis/protocol';

/** `value` is null before the program has started. */
export type Said = Pick<ProgressMessage['reports'][number], 'value' | 'message'>;

type ProgressMessage = Extract<FromWorker, { type: 'progress' }>;

/** Gathers what many tasks say of themselves into one message. */
const GATHER_MS = 200;
/** Reports in one message; the newest of each task are kept for the next. */
const BATCH = 1_000;

/** Tells the coordinator how far tasks are; what is not delivered is said again by the next report. */
export class ProgressReporter {
  private readonly latest = new Map<string, ProgressMessage['reports'][number]>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (message: ProgressMessage) => void) {}

  report({ task, attempt, lease }: ClaimedTask, { value, message }: Said): void {
    this.latest.set(task, { task, attempt, lease, value, message });
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS).unref();
  }

  private flush(): void {
    this.timer = undefined;
    const reports = [...this.latest.values()].slice(0, BATCH);
    for (const { task } of reports) this.latest.delete(task);
    if (reports.length > 0) this.send({ type: 'progress', reports });
    if (this.latest.size > 0) this.timer = setTimeout(() => this.flush(), GATHER_MS).unref();
  }
}
