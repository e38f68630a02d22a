import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import type { AppliedExperimentJob } from '../experiment/apply-experiment.js';
import type { LoadedExperiment } from '../experiment/load-experiment.js';
import { EXIT_FAILED, EXIT_OK } from '../output/exit-codes.js';
import { jsonLine } from '../output/say.js';
import { ApiCommand, SEVERAL_REQUESTS } from './api-command.js';
import { confirmLarge } from './confirm-large.js';
import { needed } from './needed.js';

export class ApplyCommand extends ApiCommand {
  static override paths = [['apply'], ['client', 'apply']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'run the experiment that a file describes, or what is new in it',
    details:
      'The file is TOML, or YAML when its name ends in .yaml or .yml. It names tasks and jobs; a job is known by its ' +
      'name in the group and a task by its parameters, so the same file applied again stores nothing, and a sweep ' +
      'that has grown only what is new. A task that would now run something else is named as changed and left alone, ' +
      'unless --rerun-changed runs it again in its place; what is in the file no more is named as orphaned and left ' +
      'alone. --plan says what would be done and stores nothing; --schema prints the JSON Schema for editors.',
    examples: [
      ['See what a file would do', '$0 apply exp.toml --plan'],
      ['Run it, or what was added to it', '$0 apply exp.toml'],
      ['The schema, for an editor', '$0 apply --schema > mito-experiment.schema.json'],
    ],
  });

  readonly positional = Option.String({ required: false, name: 'file' });
  readonly file = Option.String('-f,--file', {
    description: 'the file, as after the command; - for TOML on the standard input',
  });
  readonly group = Option.String('-g,--group', {
    description: 'group of its tasks; that of the file, MITO_GROUP, or your own, by default',
  });
  readonly plan = Option.Boolean('--plan,--dry-run', false, { description: 'say what would be done; store nothing' });
  readonly rerunChanged = Option.Boolean('--rerun-changed', false, {
    description: 'run tasks again that have ended and would now run something else',
  });
  readonly yes = Option.Boolean('-y,--yes', false, {
    description: 'send a folder of code of more than 100 MiB unasked',
  });
  readonly schema = Option.Boolean('--schema', false, { description: 'print the JSON Schema of such files' });

  protected async run(): Promise<number> {
    if (this.schema) return this.printSchema();
    if (this.positional !== undefined && this.file !== undefined)
      throw invalidField('--file', `there is "${this.positional}" already`);
    const file = this.positional ?? needed(this.file, 'FILE', 'a TOML or YAML file, or - for the standard input');
    const { loadExperiment } = await import('../experiment/load-experiment.js');
    const loaded = await loadExperiment(file);
    const api = await this.api();
    const group =
      this.group ?? loaded.experiment.group ?? (await this.settings()).group ?? (await api.identity()).username;
    const inGroup = await this.withCode(api, withGroup(loaded, group), group);
    return this.plan ? this.show(api, group, inGroup) : this.apply(api, group, inGroup);
  }

  /** The folders that jobs start in are sent along; a plan only looks at them. */
  private async withCode(api: MitosisClient, loaded: LoadedExperiment, group: string): Promise<LoadedExperiment> {
    if (loaded.experiment.jobs.every(({ workdir }) => workdir === undefined)) return loaded;
    const { packWorkdir, sendWorkdir } = await import('../workdir/send-workdir.js');
    const { withWorkdirs } = await import('../experiment/load-experiment.js');
    const note = (text: string): void => (this.quiet || this.json ? undefined : this.note(text));
    const confirm = async (what: string, largest: readonly string[]): Promise<boolean> =>
      confirmLarge(this, what, largest);
    return withWorkdirs(loaded, (dir, envSetups) =>
      this.plan ? packWorkdir(dir, envSetups) : sendWorkdir(api, { dir, envSetups, group, note, confirm }),
    );
  }

  private async printSchema(): Promise<number> {
    const { experimentSchema } = await import('@mitosis/experiment');
    this.line(JSON.stringify(experimentSchema(), undefined, 2));
    return EXIT_OK;
  }

  private async show(api: MitosisClient, group: string, loaded: LoadedExperiment): Promise<number> {
    const { planExperiment } = await import('../experiment/plan-experiment.js');
    const { describePlan } = await import('../output/describe-experiment.js');
    const plan = await planExperiment(api, group, loaded);
    this.print(plan, describePlan);
    return plan.missing.length > 0 ? EXIT_FAILED : EXIT_OK;
  }

  private async apply(api: MitosisClient, group: string, loaded: LoadedExperiment): Promise<number> {
    const { applyExperiment } = await import('../experiment/apply-experiment.js');
    const total = loaded.experiment.jobs.reduce((sum, { tasks }) => sum + tasks.length, 0);
    let stored = 0;
    const jobs = await this.withBar('applying', total, { least: SEVERAL_REQUESTS }, async (bar) =>
      applyExperiment(api, group, loaded, {
        isRerun: this.rerunChanged,
        signal: this.signal,
        onStored: (count) => bar?.update((stored += count)),
      }),
    );
    await this.tell(jobs);
    return EXIT_OK;
  }

  private async tell(jobs: readonly AppliedExperimentJob[]): Promise<void> {
    const sum = (of: (job: AppliedExperimentJob) => number): number => jobs.reduce((total, job) => total + of(job), 0);
    if (this.json) {
      const totals = {
        created: sum(({ created }) => created),
        unchanged: sum(({ unchanged }) => unchanged),
        changed: sum(({ changed }) => changed),
        rerun: sum(({ rerun }) => rerun),
        busy: sum(({ busy }) => busy),
        orphaned: sum(({ orphaned }) => orphaned),
      };
      return this.line(jsonLine({ ...totals, jobs }));
    }
    const { APPLIED_LISTING } = await import('../output/describe-experiment.js');
    await this.printList(jobs, APPLIED_LISTING);
    if (this.quiet) return;
    for (const { name, uuid, changed, busy, failed, orphaned } of jobs) {
      if (changed > 0) this.note(`${name}: ${changed} changed tasks were left alone; --rerun-changed runs them again`);
      if (busy > 0) this.note(`${name}: ${busy} changed tasks have not ended and were left alone; cancel them first`);
      if (orphaned > 0) this.note(`${name}: ${orphaned} tasks are in the file no more and were left alone`);
      if (failed > 0)
        this.note(
          `${name}: ${failed} tasks failed or were cancelled; "mito jobs retry-failed ${uuid}" runs them again`,
        );
    }
  }
}

/** All tasks belong to the group of the command. */
function withGroup({ folder, experiment, definition }: LoadedExperiment, group: string): LoadedExperiment {
  const jobs = experiment.jobs.map((job) => ({ ...job, tasks: job.tasks.map((task) => ({ ...task, group })) }));
  return { folder, experiment: { ...experiment, group, jobs }, definition };
}
