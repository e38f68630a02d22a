import {
  operations,
  type AppliedJob,
  type ApplyJobInput,
  type ExperimentText,
  type KnownTasks,
} from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

const { experiments } = operations;

const PAGE = 1_000;

/** Jobs that are known by their names, and grow with the files that describe them. */
export class ExperimentCalls {
  constructor(private readonly transport: Transport) {}

  /** Stores up to 1000 tasks of a job that are not there yet; to repeat it changes nothing. */
  async apply(job: ApplyJobInput, { signal }: CallOptions = {}): Promise<AppliedJob> {
    return this.transport.call(experiments.apply, { body: job, signal, isRepeatable: true });
  }

  /** The tasks that the job with this name has; no job when no file with this name was applied. */
  async tasks(
    group: string,
    experiment: string,
    { signal }: CallOptions = {},
  ): Promise<Pick<KnownTasks, 'job' | 'tasks'>> {
    const tasks: KnownTasks['tasks'] = [];
    for (let after: string | undefined; ;) {
      const query = { experiment, limit: PAGE, after };
      const page: KnownTasks = await this.transport.call(experiments.tasks, { params: { name: group }, query, signal });
      tasks.push(...page.tasks);
      if (page.next === null) return { job: page.job, tasks };
      after = page.next;
    }
  }

  /** The file that describes a job, as it was written. */
  async definition(job: string, { signal }: CallOptions = {}): Promise<ExperimentText> {
    return this.transport.call(experiments.definition, { params: { uuid: job }, signal });
  }
}
