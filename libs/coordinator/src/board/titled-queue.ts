import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { BullQueue } from '@mitosis/queue';
import { describeQueue, queueTitle } from '../groups/queue-title.js';

type JobStatus = ReturnType<BullMQAdapter['getJobStatuses']>[number];

/** States in which no job of ours ever is: dependencies, start times and retries are in Postgres. */
const UNUSED: ReadonlySet<JobStatus> = new Set<JobStatus>(['waiting-children', 'delayed']);

/**
 * One queue as Bull Board shows it. The side bar, the lists and the addresses of the pages all name it
 * by its title: the board has a display name too, and shows it in some of these places only.
 */
export class TitledQueue extends BullMQAdapter {
  private readonly title: string;

  constructor(queue: BullQueue, readOnlyMode: boolean) {
    // Bull Board's types know BullMQ on Redis only; it runs on any backend.
    super(queue as unknown as ConstructorParameters<typeof BullMQAdapter>[0], {
      readOnlyMode,
      displayName: queueTitle(queue.name),
      description: describeQueue(queue.name),
    });
    this.title = queueTitle(queue.name);
  }

  override getName(): string {
    return this.title;
  }

  override getJobStatuses(): JobStatus[] {
    return super.getJobStatuses().filter((status) => !UNUSED.has(status));
  }

  /** Limits would hold tasks back where nobody sees it; those of a group are in Postgres. */
  override get supportsGlobalRateLimit(): boolean {
    return false;
  }
}
