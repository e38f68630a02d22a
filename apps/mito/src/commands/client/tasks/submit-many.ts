import { Command, Option } from 'clipanion';
import { invalidField, MitoError } from '@mitosis/domain';
import { parseRecords } from '@mitosis/experiment';
import type { CreateJobInput, SubmitTaskInput } from '@mitosis/protocol';
import { readText } from '../../../files/read-input.js';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import type { Progress } from '../../../output/progress.js';
import { jsonLine } from '../../../output/say.js';
import type { ItemResult } from '../../../output/submit-many.js';
import { ApiCommand, SEVERAL_REQUESTS } from '../../api-command.js';
import { assertNoJobLimits, AT_ONCE, MAX_FAILS, parseJobLimits } from '../../job-limits.js';
import { needed } from '../../needed.js';
import { taskOf } from '../../sweep-options.js';

export class TasksSubmitManyCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'submit-many'],
    ['tasks', 'submit-many'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'queue the tasks of a file',
    details:
      'The file is a JSON array or NDJSON; each item has "args" and may have env, tags, labels, priority, ' +
      'timeout_ms, after and the other fields of a submission; "key" names an item, so that "after" of another can ' +
      'wait for it. Items of the original Mitosis (group_name, task_spec) are understood, too. Sent in requests of ' +
      '1000. Each request is stored whole or not at all; with --best-effort the items that are wrong are reported ' +
      'and the others stored.',
    examples: [['From a script that prints a task on each line', './make-tasks.py | $0 tasks submit-many -f -']],
  });

  readonly positional = Option.String({ required: false, name: 'file' });
  readonly file = Option.String('-f,--file', { description: 'JSON or NDJSON file, - for the standard input' });
  readonly group = Option.String('-g,--group', { description: 'group of the tasks that name none' });
  readonly bestEffort = Option.Boolean('--best-effort', false, { description: 'store what can be stored' });
  readonly name = Option.String('--name', { description: 'make the tasks one job of this name' });
  readonly atOnce = Option.String('--at-once', { description: `of a job: ${AT_ONCE}` });
  readonly maxFails = Option.String('--max-fails', { description: `of a job: ${MAX_FAILS}` });
  readonly idempotencyKey = Option.String('--idempotency-key', {
    description: 'the same file with the same key again submits nothing twice, and finishes what was interrupted',
  });

  protected async run(): Promise<number> {
    const limits = parseJobLimits(this);
    if (this.name === undefined) assertNoJobLimits(limits, 'it is for the tasks of a job; --name makes them one');
    const tasks = await this.read();
    if (this.name !== undefined) return this.submitAsJob(tasks, { name: this.name, ...limits });
    return this.withBar('submitting', tasks.length, { least: SEVERAL_REQUESTS }, (bar) => this.submit(tasks, bar));
  }

  /** Each request is shown as soon as it is answered: whatever happens after it, it is known what was stored. */
  private async submit(tasks: readonly SubmitTaskInput[], bar: Progress | undefined): Promise<number> {
    const { submitMany } = await import('../../../output/submit-many.js');
    let failed = 0;
    let done = 0;
    try {
      const api = await this.api();
      await this.withKey({ key: this.idempotencyKey }, async (options) => {
        for await (const results of submitMany(api, tasks, { ...options, isBestEffort: this.bestEffort })) {
          this.show(results);
          failed += results.filter(({ error }) => error !== undefined).length;
          bar?.update((done += results.length));
        }
      });
    } catch (error) {
      if (done > 0 && !this.json) this.note(`${done - failed} of ${tasks.length} tasks were stored before this:`);
      throw error;
    }
    if (failed > 0 && !this.json) this.note(`${failed} of ${tasks.length} were not stored`);
    return failed > 0 ? EXIT_FAILED : EXIT_OK;
  }

  private async read(): Promise<SubmitTaskInput[]> {
    if (this.positional !== undefined && this.file !== undefined)
      throw invalidField('--file', `there is "${this.positional}" already`);
    const file = this.positional ?? needed(this.file, '--file', 'a JSON or NDJSON file, or - for the standard input');
    const field = '--file';
    const tasks = parseRecords(await readText(file, field), { file, field }).map((record, index) => {
      try {
        return taskOf(record);
      } catch (error) {
        if (!(error instanceof MitoError)) throw error;
        throw invalidField(field, `${file}: item ${index}: ${error.message}`);
      }
    });
    return this.group === undefined ? tasks : tasks.map((task) => ({ group: this.group as string, ...task }));
  }

  private async submitAsJob(
    tasks: readonly SubmitTaskInput[],
    fields: Pick<CreateJobInput, 'name' | 'at_once'>,
  ): Promise<number> {
    if (this.bestEffort) throw invalidField('--best-effort', 'a job is stored whole');
    const group = this.group === undefined ? {} : { group: this.group };
    const job = await this.submitJob(await this.api(), { tasks: [...tasks], ...fields, ...group }, this.idempotencyKey);
    this.print({ uuid: job.uuid, tasks: job.tasks }, () => job.uuid);
    return EXIT_OK;
  }

  private show(results: readonly ItemResult[]): void {
    if (this.json) return this.line(results.map(jsonLine).join('\n'));
    const stored = results.flatMap(({ uuid }) => uuid ?? []);
    if (stored.length > 0) this.line(stored.join('\n'));
    for (const { index, error } of results) if (error !== undefined) this.note(`item ${index}: ${error}`);
  }
}
