import {
  decodeText,
  nearestOf,
  parseNeeds,
  SWEEP_MAX,
  type Params,
  type ParamSource,
  type ParamValue,
  type TypedNeed,
} from '@mitosis/domain';
import { SubmitTask, type NotifyInput, type SubmitTaskInput } from '@mitosis/protocol';
import { parseEnvLines } from './env-lines.js';
import { KEY_OF_FIELD, OPTION_KEYS } from './keys.js';
import type { Entry, ExperimentFile, Given } from './read-experiment.js';
import { lineRows, recordRows } from './read-rows.js';
import type { Each } from './sections.js';
import { atNode, type Where } from './shapes.js';
import { wrongAt } from './source-tree.js';
import { combineVariations, varyTask, type Variation } from './vary-task.js';

/** Ends of another task or job that one can wait for. */
export type AfterWhen = 'completed' | 'ended' | 'failed';

/** Something that a job waits for: another of its file, or one that is there. */
export type JobAfter = { readonly when: AfterWhen } & (
  { readonly entry: string } | { readonly job: string } | { readonly task: string }
);

/** A job with everything that it consists of. */
export interface ExpandedJob {
  readonly key: string;
  /** What it is called and known by: the experiment's name and its own. */
  readonly name: string;
  readonly tasks: readonly SubmitTaskInput[];
  readonly after: readonly JobAfter[];
  readonly atOnce?: number;
  readonly maxFails?: number;
  readonly notify?: NotifyInput;
  /** The folder of code that its tasks start in, as the file names it. */
  readonly workdir?: string;
  /** Attachments that its tasks need. */
  readonly inputs: readonly string[];
}

export interface Experiment {
  readonly name: string;
  readonly group?: string;
  /** Each behind those that it waits for. */
  readonly jobs: readonly ExpandedJob[];
}

/** Reads a file that an experiment names, relative to it. Throws `invalid_request` with the reason. */
export type ReadNamed = (file: string, key: string) => Promise<Buffer>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const AFTER = /^(?:(job|task)=)?(.*?)(?::(completed|ended|failed))?$/s;
/** How many tasks of a job are checked here; the coordinator checks all of them. */
const CHECKED = 1_000;
/** Instead of the folder of code, which is sent when the file is known to be right. */
const NOT_YET_SENT = { sha256: '0'.repeat(64), files: 0, bytes: 0 };

class Expander {
  constructor(
    private readonly experiment: ExperimentFile,
    private readonly readNamed: ReadNamed,
  ) {}

  async expand(): Promise<Experiment> {
    const { name, group, entries } = this.experiment;
    const jobs: ExpandedJob[] = [];
    for (const entry of this.sorted(entries)) {
      jobs.push(await this.job(entry));
      const total = jobs.reduce((sum, { tasks }) => sum + tasks.length, 0);
      if (total > SWEEP_MAX)
        throw wrongAt(this.experiment.file, entry.place, `the file has more than ${SWEEP_MAX} tasks`);
    }
    return { name, ...(group !== undefined && { group }), jobs };
  }

  private where(entry: Entry, key: string): Where {
    return { file: this.experiment.file, path: `${entry.kind}s.${entry.key}.${key}` };
  }

  private async job(entry: Entry): Promise<ExpandedJob> {
    const value = <T>(key: string): T | undefined => entry.given.get(key)?.value as T | undefined;
    const template = await this.template(entry);
    const tasks = this.vary(entry, template, await this.variations(entry));
    this.check(entry, tasks);
    const [atOnce, maxFails] = [value<number>('at_once'), value<number>('max_fails')];
    const [workdir, notify] = [value<string>('workdir'), value<NotifyInput>('notify')];
    const inputs = (template.resources ?? []).flatMap((input) => (input.from === 'attachment' ? [input.key] : []));
    return {
      key: entry.key,
      name: `${this.experiment.name}/${entry.key}`,
      tasks,
      after: this.after(entry),
      inputs: [...new Set(inputs)],
      ...(workdir !== undefined && { workdir }),
      ...(notify && { notify }),
      ...(atOnce !== undefined && { atOnce }),
      ...(maxFails !== undefined && { maxFails }),
    };
  }

  private async template(entry: Entry): Promise<SubmitTaskInput> {
    const { group } = this.experiment;
    const task: Partial<SubmitTaskInput> = {};
    for (const [key, { value }] of entry.given) Object.assign(task, OPTION_KEYS[key]?.put?.(value));
    const needs = this.needs(entry);
    const [stdin, envFiles, name] = ['stdin', 'env_file', 'name'].map((key) => entry.given.get(key));
    const fromFiles: Record<string, string> = {};
    for (const file of (envFiles?.value as string[] | undefined) ?? []) {
      const bytes = await this.read(entry, 'env_file', file);
      const pairs = atNode((envFiles as Given).node, this.where(entry, 'env_file'), () =>
        parseEnvLines(decodeText(bytes), file),
      );
      Object.assign(fromFiles, pairs);
    }
    return {
      ...task,
      args: task.args as string[],
      env: { ...fromFiles, ...task.env },
      ...(group !== undefined && { group }),
      ...(needs.length > 0 && { needs }),
      ...(name && { name: name.value as string }),
      ...(stdin && { stdin_base64: (await this.read(entry, 'stdin', stdin.value as string)).toString('base64') }),
    };
  }

  /** The alternatives of what it needs: those of its own keys, then those of "or". */
  private needs(entry: Entry): NonNullable<SubmitTaskInput['needs']> {
    const given = [...entry.given].filter(([key]) => OPTION_KEYS[key]?.isNeed === true);
    const ordered = given.sort(([a], [b]) => Number(a === 'or') - Number(b === 'or'));
    const [last] = ordered.at(-1) ?? [];
    if (last === undefined) return [];
    return atNode((entry.given.get(last) as Given).node, this.where(entry, last), () =>
      parseNeeds(ordered.flatMap(([, { value }]) => value as TypedNeed[])),
    );
  }

  /** What a file that the experiment names contains; what is wrong with it is wrong at the key. */
  private async read(entry: Entry, key: string, file: string): Promise<Buffer> {
    const given = entry.given.get(key) as Given;
    try {
      return await this.readNamed(file, this.where(entry, key).path);
    } catch (error) {
      return atNode(given.node, this.where(entry, key), () => {
        throw error;
      });
    }
  }

  private async variations(entry: Entry): Promise<Variation[] | undefined> {
    const [sweep, each, array] = ['sweep', 'each', 'array'].map((key) => entry.given.get(key));
    if (!sweep && !each && !array) return undefined;
    const parameters = (sweep?.value ?? []) as readonly { name: string; values: readonly ParamValue[] }[];
    const sources: ParamSource[] = parameters.map(({ name, values }) => ({
      field: this.where(entry, 'sweep').path,
      rows: values.map((value) => ({ [name]: value })),
    }));
    if (each) sources.push(await this.rows(entry, each));
    const given = (sweep ?? each ?? array) as Given;
    return atNode(given.node, this.where(entry, 'sweep'), () =>
      combineVariations(
        sources,
        array && { field: this.where(entry, 'array').path, indices: [...new Set(array.value as number[])] },
      ),
    );
  }

  private async rows(entry: Entry, given: Given): Promise<ParamSource> {
    const where = this.where(entry, 'each');
    const each = given.value as Each;
    if ('rows' in each) return { field: where.path, rows: each.rows };
    const file = 'lines' in each ? each.lines : each.json;
    const bytes = await this.read(entry, 'each', file);
    return atNode(given.node, where, () =>
      ('lines' in each ? lineRows : recordRows)(decodeText(bytes), { file, field: where.path }),
    );
  }

  private vary(entry: Entry, template: SubmitTaskInput, variations: Variation[] | undefined): SubmitTaskInput[] {
    const field = (key: string): string => this.where(entry, key).path;
    const { node } = entry.given.get('run') as Given;
    const [env, labels, tags] = [field('env'), field('labels'), field('tags')];
    // A task without parameters may have braces of its own.
    if (!variations) return [template];
    return atNode(node, this.where(entry, 'run'), () => {
      const vary = varyTask(template, { env, labels, tags, name: field('name'), cwd: field('cwd') });
      const seen = new Set<string>();
      return variations.map((variation) => vary(variation)).filter((task) => isNew(task, seen));
    });
  }

  private check(entry: Entry, tasks: readonly SubmitTaskInput[]): void {
    for (const task of tasks.slice(0, CHECKED)) {
      const code = entry.given.has('workdir') ? { code: NOT_YET_SENT } : {};
      const [issue] = SubmitTask.safeParse({ ...task, ...code }).error?.issues ?? [];
      if (!issue) continue;
      const key = KEY_OF_FIELD.get(String(issue.path[0])) ?? 'run';
      const given = entry.given.get(key);
      const path = [this.where(entry, key).path, ...issue.path.slice(1)].join('.');
      throw wrongAt(this.experiment.file, given?.node.place ?? entry.place, `${path}: ${issue.message}`);
    }
  }

  private after(entry: Entry): JobAfter[] {
    const given = entry.given.get('after');
    return ((given?.value as string[] | undefined) ?? []).map((text) => this.afterOf(entry, given as Given, text));
  }

  private afterOf(entry: Entry, { node }: Given, text: string): JobAfter {
    const [, kind, name = '', when = 'completed'] = AFTER.exec(text) ?? [];
    const fail = (message: string): never => {
      throw wrongAt(this.experiment.file, node.place, `${this.where(entry, 'after').path}: ${message}`);
    };
    if (kind !== undefined) {
      if (!UUID.test(name)) return fail(`"${name}" is not a UUID`);
      return { when: when as AfterWhen, ...(kind === 'job' ? { job: name } : { task: name }) };
    }
    const known = this.experiment.entries.map(({ key }) => key);
    if (known.includes(name)) return { when: when as AfterWhen, entry: name };
    const near = nearestOf(name, known);
    return fail(
      `there is no task or job "${name}" in this file${near === undefined ? '' : `; did you mean "${near}"?`}`,
    );
  }

  /** The entries, each behind those that it waits for. Throws when they wait for each other. */
  private sorted(entries: readonly Entry[]): Entry[] {
    const [done, path]: [Set<Entry>, Entry[]] = [new Set(), []];
    const visit = (entry: Entry): void => {
      if (done.has(entry)) return;
      if (path.includes(entry)) {
        const cycle = [...path.slice(path.indexOf(entry)), entry].map(({ key }) => key).join(' -> ');
        throw wrongAt(
          this.experiment.file,
          entry.given.get('after')?.node.place ?? entry.place,
          `${this.where(entry, 'after').path}: these wait for each other: ${cycle}`,
        );
      }
      path.push(entry);
      for (const after of this.after(entry))
        if ('entry' in after) visit(entries.find(({ key }) => key === after.entry) as Entry);
      path.pop();
      done.add(entry);
    };
    for (const entry of entries) visit(entry);
    return [...done];
  }
}

/** Rows and combinations that say the same are one task. */
function isNew({ params, array_index: index }: SubmitTaskInput, seen: Set<string>): boolean {
  const text = JSON.stringify([textsOf(params ?? {}), index]);
  if (seen.has(text)) return false;
  seen.add(text);
  return true;
}

const textsOf = (params: Params): [string, string][] =>
  Object.entries(params)
    .map(([name, value]): [string, string] => [name, String(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** The jobs that a file describes, with all their tasks. Throws `invalid_experiment` with line and column. */
export async function expandExperiment(experiment: ExperimentFile, readNamed: ReadNamed): Promise<Experiment> {
  return new Expander(experiment, readNamed).expand();
}
