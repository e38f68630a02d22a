import { AppliedJob, ExperimentText, KnownTasks, type ApplyJobInput } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import { pathPart, queryString } from './query-string.js';
import type { Transport } from './transport.js';

const PAGE = 1_000;

/** Jobs that are known by their names, and grow with the files that describe them. */
export class ExperimentCalls {
  constructor(private readonly transport: Transport) {}

  /** Stores up to 1000 tasks of a job that are not there yet; to repeat it changes nothing. */
  async apply(job: ApplyJobInput, { signal }: CallOptions = {}): Promise<AppliedJob> {
    return this.transport.json('POST', '/experiments', AppliedJob, { body: job, signal, isRepeatable: true });
  }

  /** The tasks that the job with this name has; no job when no file with this name was applied. */
  async tasks(
    group: string,
    experiment: string,
    { signal }: CallOptions = {},
  ): Promise<Pick<KnownTasks, 'job' | 'tasks'>> {
    const tasks: KnownTasks['tasks'] = [];
    for (let after: string | undefined; ;) {
      const query = queryString({ experiment, limit: PAGE, after });
      const path = `/groups/${pathPart(group)}/experiment-tasks?${query}`;
      const page = await this.transport.json('GET', path, KnownTasks, { signal });
      tasks.push(...page.tasks);
      if (page.next === null) return { job: page.job, tasks };
      after = page.next;
    }
  }

  /** The file that describes a job, as it was written. */
  async definition(job: string, { signal }: CallOptions = {}): Promise<ExperimentText> {
    return this.transport.json('GET', `/jobs/${pathPart(job)}/definition`, ExperimentText, { signal });
  }
}
