import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { ApiCommand } from '../../api-command.js';

/** A task of a job of which nothing runs. */
async function firstReady(api: MitosisClient, job: string): Promise<string | undefined> {
  if ((await api.jobs.get(job)).counts.running > 0) return undefined;
  return (await api.queryTasks({ job, state: ['ready'], limit: 1 })).tasks[0]?.uuid;
}

export class JobsWaitCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'wait'],
    ['jobs', 'wait'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'wait until a job is over',
    details: 'Ends with 0 when all of its tasks completed, otherwise with 1.',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<number> {
    const api = await this.api();
    const first = await api.jobs.get(this.uuid);
    const { describeJob, isUnfinished } = await import('../../../output/describe-job.js');
    if (isUnfinished(first) && !this.json) {
      const { total, expected_tasks: expected } = first;
      this.note(
        `its submission is unfinished: ${total} of ${expected} tasks are stored; see "mito jobs get ${this.uuid}"`,
      );
    }
    const ended = ({ counts }: typeof first): number => counts.completed + counts.failed + counts.cancelled;
    const goesOn =
      `job ${this.uuid} continues; ` +
      `"mito jobs wait ${this.uuid}" comes back, "mito jobs cancel ${this.uuid}" ends it`;
    const firstOpen = (): Promise<string | undefined> => firstReady(api, this.uuid);
    const job = await this.whileWatching(goesOn, () =>
      this.sayingWhy(api, firstOpen, () =>
        this.withBar('waiting', first.expected_tasks ?? first.total, { done: ended(first) }, (bar) => {
          const onProgress = (seen: typeof first): void => {
            bar?.pause(seen.is_suspended);
            bar?.update(ended(seen));
          };
          return api.jobs.wait(this.uuid, bar ? { onProgress } : {});
        }),
      ),
    );
    this.print(job, describeJob);
    return job.state === 'completed' ? EXIT_OK : EXIT_FAILED;
  }
}
