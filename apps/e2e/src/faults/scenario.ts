import type { Backend } from '../harness/stack.js';
import type { PostgresControl } from './postgres-control.js';
import type { Random } from './random.js';
import type { Verdict } from './verdict.js';

/** What one run of a scenario is given. */
export interface ScenarioRun {
  readonly backend: Backend;
  readonly random: Random;
  readonly postgres: PostgresControl;
  /** The full set, as in docs/reliability.md; otherwise the short one of CI. */
  readonly isFull: boolean;
  readonly isVerbose: boolean;
  /** Instead of the scenario's own number of tasks. */
  readonly tasks: number | undefined;
}

export interface Scenario {
  /** As in docs/reliability.md. */
  readonly id: string;
  readonly title: string;
  /** The backends of the short set and of the full one. */
  readonly backends: { readonly short: readonly Backend[]; readonly full: readonly Backend[] };
  run(run: ScenarioRun): Promise<Verdict>;
}
