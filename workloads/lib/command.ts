// A workload is one command with three entries, chosen by its first argument.

import { EXIT_BAD_PARAMETER, fail, flush, programArguments, readText } from './program';

/** Runs the entry that the arguments ask for: `split PARAMS_JSON`, `map` or `reduce`. */
export function runCommand(split: (params: string) => void, map: (subtask: string) => void, reduce: () => void): void {
  const all = programArguments();
  const entry = all.length > 0 ? all[0] : '';
  if (entry === 'split') split(all.length > 1 ? all[1] : '{}');
  else if (entry === 'map') map(readText());
  else if (entry === 'reduce') reduce();
  else fail(EXIT_BAD_PARAMETER, 'usage: split PARAMS_JSON | map | reduce');
  flush();
}
