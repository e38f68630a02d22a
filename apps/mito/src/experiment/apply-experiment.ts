import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import type { ExpandedJob } from '@mitosis/experiment';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { compareJob, type ComparedJob, type Wanted } from './compare-job.js';
import type { LoadedExperiment } from './load-experiment.js';

export interface ApplyOptions {
  readonly isRerun: boolean;
  readonly signal: AbortSignal | undefined;
  /** Told how many more tasks are stored. */
  readonly onStored: (count: number) => void;
}

/** What was done for a job of a file. */
export interface AppliedExperimentJob {
  readonly name: string;
  readonly uuid: string;
  readonly created: number;
  readonly unchanged: number;
  /** Left as they are: they would now run something else. */
  readonly changed: number;
  readonly rerun: number;
  /** To be run again, and not ended yet. */
  readonly busy: number;
  readonly orphaned: number;
  /** Of those that were there: how many have failed or were cancelled. */
  readonly failed: number;
}

const BATCH = 1_000;

function afterOf(job: ExpandedJob, uuids: ReadonlyMap<string, string>): SubmitTaskInput['after'] {
  return job.after.map((after) => {
    if ('job' in after) return { job: after.job, when: after.when };
    if ('task' in after) return { task: after.task, when: after.when };
    return { job: uuids.get(after.entry) as string, when: after.when };
  });
}

function assertInputs({ job, missingInputs }: ComparedJob, group: string): void {
  const [key] = missingInputs;
  if (key === undefined) return;
  throw new MitoError(
    'not-found',
    'attachment_not_found',
    `the job "${job.key}" needs the input "${key}", which the group "${group}" does not have; ` +
      'upload it with "mito groups attachments upload"',
    { details: { field: 'inputs' } },
  );
}

class Application {
  private readonly uuids = new Map<string, string>();

  constructor(
    private readonly api: MitosisClient,
    private readonly group: string,
    private readonly options: ApplyOptions,
  ) {}

  async run({ experiment, definition }: LoadedExperiment): Promise<AppliedExperimentJob[]> {
    const compared: ComparedJob[] = [];
    for (const job of experiment.jobs) compared.push(await compareJob(this.api, this.group, job));
    for (const one of compared) assertInputs(one, this.group);
    const applied: AppliedExperimentJob[] = [];
    for (const one of compared) applied.push(await this.apply(one, definition));
    return applied;
  }

  private async apply(
    compared: ComparedJob,
    definition: LoadedExperiment['definition'],
  ): Promise<AppliedExperimentJob> {
    const { job, known, orphaned } = compared;
    const wanted = [...compared.created, ...(this.options.isRerun ? compared.changed : [])];
    const after = afterOf(job, this.uuids);
    const tasks = wanted.map(({ task, ...rest }): Wanted => ({ ...rest, task: { ...task, after } }));
    // What the file does not say is lifted.
    const limits = { at_once: job.atOnce ?? null, max_fails: job.maxFails ?? null };
    const counts = { created: 0, unchanged: 0, changed: 0, rerun: 0, busy: 0 };
    let uuid = '';
    // One request even when nothing is new: it keeps the file, and ends what was interrupted.
    for (let start = 0; start === 0 || start < tasks.length; start += BATCH) {
      const isLast = start + BATCH >= tasks.length;
      const part = tasks.slice(start, start + BATCH);
      const body = {
        group: this.group,
        name: job.name,
        tasks: part,
        rerun_changed: this.options.isRerun,
        notify: job.notify,
        ...limits,
      };
      const { signal } = this.options;
      const answer = await this.api.experiments.apply(
        { ...body, is_last: isLast, ...(isLast && { definition }) },
        signal ? { signal } : {},
      );
      uuid = answer.uuid;
      for (const { outcome } of answer.tasks) counts[outcome] += 1;
      this.options.onStored(part.length);
    }
    this.uuids.set(job.key, uuid);
    const failed = known.filter(({ state }) => state === 'failed' || state === 'cancelled').length;
    return {
      name: job.name,
      uuid,
      ...counts,
      unchanged: counts.unchanged + compared.unchanged.length,
      changed: counts.changed + (this.options.isRerun ? 0 : compared.changed.length),
      orphaned: orphaned.length,
      failed,
    };
  }
}

/** Stores what of an experiment is not there, job by job in the order in which they wait for each other. */
export async function applyExperiment(
  api: MitosisClient,
  group: string,
  loaded: LoadedExperiment,
  options: ApplyOptions,
): Promise<AppliedExperimentJob[]> {
  return new Application(api, group, options).run(loaded);
}
