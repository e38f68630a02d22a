import { Command, Option } from 'clipanion';
import { partKey, type MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { assertNoJobLimits, AT_ONCE, MAX_FAILS, parseJobLimits } from '../../job-limits.js';
import { UUID } from '../../option-values.js';
import { SubmitCommand } from '../../submit-command.js';
import { expandSweep, isSweep, nameOfSweep } from '../../sweep-options.js';

/** Tasks in one request. */
const BATCH = 1_000;

export class TasksSubmitCommand extends SubmitCommand {
  static override paths = [
    ['client', 'tasks', 'submit'],
    ['tasks', 'submit'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'queue a command to run on a worker, or many variations of it as one job',
    details:
      'With --array, --each-line, --each-json or --sweep every combination becomes a task; {index}, {line} and ' +
      '{name} in the command, the environment, the name, the folder, labels and tags are replaced, and the task ' +
      'finds MITO_ARRAY_INDEX and MITO_PARAM_NAME. {{name}} stands for {name} itself. In the line of a shell ' +
      '(--shell, or sh -c) a value is one quoted word that is never run. Numbers keep the digits that were typed. ' +
      'Such a submission is a job: see "mito jobs".',
    examples: [
      ['Run a script and keep its output', '$0 tasks submit --terminal -- ./train.sh'],
      ['Run a sandboxed program', '$0 tasks submit --wasm prog.wasm -- --size 10'],
      [
        'Every combination of two parameters',
        '$0 tasks submit --sweep lr=0.1,0.01 --sweep seed=1..5 -- ./train.sh --lr {lr} --seed {seed}',
      ],
      [
        'A task for each line of a file, when another job is done',
        '$0 tasks submit --each-line images.txt --after-job UUID -- ./resize.sh {line}',
      ],
    ],
  });

  readonly array = Option.String('--array', {
    description: 'a task for each index, e.g. 1-1000 or 0-100:10; 1-1000%20 runs 20 of them at a time',
  });
  readonly eachLine = Option.String('--each-line', { description: 'a task for each line of a file that is not empty' });
  readonly eachJson = Option.String('--each-json', {
    description: 'a task for each object of a JSON array or NDJSON file',
  });
  readonly sweep = Option.Array('--sweep', [], {
    description: 'a parameter and its values, e.g. lr=0.1,0.01, seed=1..5 or x=0..1:0.25',
  });
  readonly atOnce = Option.String('--at-once', { description: `of a sweep: ${AT_ONCE}` });
  readonly maxFails = Option.String('--max-fails', { description: `of a sweep: ${MAX_FAILS}` });
  readonly idempotencyKey = Option.String('--idempotency-key', {
    description: 'the same command with the same key again submits nothing twice, and finishes what was interrupted',
  });

  readonly job = Option.String('--job', { description: 'add it to this open job' });

  protected async run(): Promise<void> {
    const limits = parseJobLimits(this);
    if (this.job !== undefined)
      assertNoJobLimits(limits, `the job has its own; "mito jobs change ${this.job}" changes them`);
    else if (!isSweep(this))
      assertNoJobLimits(
        limits,
        'it is for the tasks of a job: use it with --array, --sweep, --each-line or --each-json',
      );
    if (this.job !== undefined && this.notify.length + this.on.length > 0)
      throw invalidField('--notify', 'the job has its own, set when it was submitted');
    const api = await this.api();
    if (this.job !== undefined && !UUID.test(this.job))
      throw invalidField('--job', `"${this.job}" is not a UUID; "mito jobs list" shows them`);
    const { notify, ...task } = await this.submission(api);
    const tasks = await expandSweep(task, this);
    if (this.job !== undefined) return this.addTo(this.job, api, tasks ?? [task]);
    if (!tasks) {
      const receipt = await this.withKey({ key: this.idempotencyKey }, (options) =>
        api.submitTask({ ...task, ...(notify && { notify }) }, options),
      );
      this.print(receipt, ({ uuid }) => uuid);
      this.sayLimit(receipt);
      return this.warn(api, receipt.uuid);
    }
    const { group } = task;
    const name = nameOfSweep(task, this.shell);
    const titled = { ...(group !== undefined && { group }), ...(name !== undefined && { name }) };
    const told = notify ? { notify } : {};
    const job = await this.submitJob(api, { tasks, ...titled, ...limits, ...told }, this.idempotencyKey);
    this.print({ uuid: job.uuid, tasks: job.tasks }, () => job.uuid);
    this.sayLimit(job.first);
  }

  private async addTo(job: string, api: MitosisClient, tasks: readonly SubmitTaskInput[]): Promise<void> {
    const uuids: string[] = [];
    const options = { key: this.idempotencyKey, remark: () => (uuids.length > 0 ? `${uuids.length} are stored.` : '') };
    await this.withKey(options, async ({ idempotencyKey, signal }) => {
      for (let start = 0; start < tasks.length; start += BATCH) {
        const key = partKey(idempotencyKey, start / BATCH);
        uuids.push(
          ...(await api.jobs.add(job, tasks.slice(start, start + BATCH), false, { idempotencyKey: key, signal })),
        );
      }
    });
    const [uuid = ''] = uuids;
    if (tasks.length > 1) return this.print({ uuid: job, tasks: uuids }, () => uuids.join('\n'));
    this.print({ uuid, job }, () => uuid);
  }
}
