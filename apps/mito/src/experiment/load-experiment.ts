import path from 'node:path';
import { invalidField } from '@mitosis/domain';
import { expandExperiment, readExperiment, type Experiment } from '@mitosis/experiment';
import type { ExperimentText } from '@mitosis/protocol';
import { readInput, readText } from '../files/read-input.js';

export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** The file as it was written. */
  readonly definition: ExperimentText;
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
  return { experiment, definition: { format: /\.ya?ml$/i.test(file) ? 'yaml' : 'toml', text: content } };
}
