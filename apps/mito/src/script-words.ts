import { statSync } from 'node:fs';
import type { OptionModel } from './help/command-model.js';

/** Who types this means a file, not a command of the worker. */
const SCRIPT_NAME = /\.(?:sh|bash|sbatch|slurm|py|R|pl)$/;

export function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

export function isScriptName(file: string): boolean {
  return SCRIPT_NAME.test(file);
}

/**
 * A line of `mito submit` in which the options end at the script: `submit -q a.sh --lr 1` becomes
 * `submit -q -- a.sh --lr 1`. A line with `--`, or whose first word is not a script, is as it was.
 */
export function endOptionsAtScript(line: readonly string[], options: readonly OptionModel[]): readonly string[] {
  const takesValue = (word: string): boolean =>
    options.some((option) => option.takesValue && option.names.includes(word));
  for (let at = line.indexOf('submit') + 1; at < line.length; at++) {
    const word = line[at] ?? '';
    if (word === '--') return line;
    if (!word.startsWith('-')) {
      const isScript = isFile(word) || isScriptName(word);
      return isScript ? [...line.slice(0, at), '--', ...line.slice(at)] : line;
    }
    if (takesValue(word)) at++;
  }
  return line;
}
