import path from 'node:path';
import { invalidField } from '@mitosis/domain';
import { expandExperiment, readExperiment, type ExpandedJob, type Experiment } from '@mitosis/experiment';
import type { ExperimentText, SubmitTaskInput } from '@mitosis/protocol';
import { readInput, readText } from '../files/read-input.js';

export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** The file as it was written. */
  readonly definition: ExperimentText;
  /** What names in the file are relative to. */
  readonly folder: string;
}

/** Reads an experiment and the files that it names, those relative to it; `-` is TOML on the standard input. */
export async function loadExperiment(file: string): Promise<LoadedExperiment> {
  const content = await readText(file, 'FILE');
  const isInput = file === '-';
  const shown = isInput ? 'standard input' : file;
  const stem = isInput ? undefined : path.basename(file).replace(/\.(?:toml|ya?ml)$/i, '');
  const folder = isInput ? process.cwd() : path.dirname(path.resolve(file));
  const parsed = await readExperiment(shown, content, stem);
  const experiment = await expandExperiment(parsed, async (name, key) => {
    if (name === '-') throw invalidField(key, 'a file that an experiment names can not be the standard input');
    return readInput(path.resolve(folder, name), key);
  });
  return { folder, experiment, definition: { format: /\.ya?ml$/i.test(file) ? 'yaml' : 'toml', text: content } };
}

type Code = NonNullable<SubmitTaskInput['code']>;

/** The experiment with the code that its jobs start in, each folder made into code once. */
export async function withWorkdirs(
  loaded: LoadedExperiment,
  codeOf: (dir: string, envSetups: readonly string[]) => Promise<Code>,
): Promise<LoadedExperiment> {
  const known = new Map<string, Code>();
  const folderOf = (workdir: string): string => path.resolve(loaded.folder, workdir);
  const jobs: ExpandedJob[] = [];
  for (const job of loaded.experiment.jobs) {
    if (job.workdir === undefined) {
      jobs.push(job);
      continue;
    }
    const dir = folderOf(job.workdir);
    const sharing = loaded.experiment.jobs.filter(({ workdir }) => workdir !== undefined && folderOf(workdir) === dir);
    const envSetups = new Set(sharing.flatMap(({ tasks: [first] }) => first?.env_setup ?? []));
    const code = known.get(dir) ?? (await codeOf(dir, [...envSetups]));
    known.set(dir, code);
    jobs.push({ ...job, tasks: job.tasks.map((task) => ({ ...task, code })) });
  }
  return { ...loaded, experiment: { ...loaded.experiment, jobs } };
}
