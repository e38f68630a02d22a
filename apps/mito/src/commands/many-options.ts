import { Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import type { MitoContext } from '../mito-context.js';
import { isTerminal } from '../output/paint.js';
import { say } from '../output/say.js';

/** The options of every command that changes or deletes all that a filter finds. */
export const allOption = (what: string) =>
  Option.Boolean('--all', false, { description: `${what}, without a filter; needs --yes where nobody can be asked` });
export const yesOption = () => Option.Boolean('-y,--yes', false, { description: 'do not ask' });
export const dryRunOption = () =>
  Option.Boolean('-n,--dry-run', false, { description: 'change nothing, only say what would be done' });

/** A command on many things, as far as it matters for the questions below. */
export interface ManyCommand {
  readonly context: MitoContext;
  readonly json: boolean;
  readonly all: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** What is about to be done. */
export interface ManyPlan {
  /** `cancel`, `delete`, `stop`. */
  readonly verb: string;
  /** `12 tasks, 3 of them running`. */
  readonly what: string;
  /** A few of them, a line each. */
  readonly sample: readonly string[];
  readonly count: number;
}

/** What a command may touch. */
export interface Selectable {
  /** What `--all` stands for: `every task that you may cancel`. */
  readonly what: string;
  /** What selects some of them, unless it is a filter. */
  readonly by?: string;
}

const SHOWN = 5;

const isAskable = ({ context: { stdin, stderr }, json }: ManyCommand): boolean =>
  isTerminal(stdin) && isTerminal(stderr) && !json;

/**
 * Throws `invalid_request` unless exactly one of a filter and `--all` says which things are meant, and unless
 * somebody confirms `--all`: a person at a terminal, or `--yes`.
 */
export function assertSelected(command: ManyCommand, isFiltered: boolean, { what, by = 'filter' }: Selectable): void {
  if (command.all && isFiltered)
    throw invalidField('--all', `it means ${what}, and can't be combined with a ${by}; leave one of them out`);
  if (!command.all && !isFiltered)
    throw invalidField(by, `none is given; add one (--help says which), or --all for ${what}`);
  if (command.all && !command.yes && !command.dryRun && !isAskable(command))
    throw invalidField('--all', 'nobody can be asked here: add --yes, or --dry-run to see what would be done');
}

/** What became of the tasks that were to be cancelled. */
export function cancelledText({
  cancelled,
  requested,
}: {
  readonly cancelled: number;
  readonly requested: number;
}): string {
  if (cancelled === 0 && requested === 0) return 'nothing to cancel: no task of these is waiting or running';
  const ending = requested === 1 ? '1 is being ended by its worker' : `${requested} are being ended by their workers`;
  return requested === 0 ? `${cancelled} cancelled` : `${cancelled} cancelled, ${ending}`;
}

/** What would be touched, for a person. */
export function planLines({ verb, what, sample, count }: ManyPlan, isDryRun: boolean): string[] {
  const shown = sample.slice(0, SHOWN);
  const rest = count - shown.length;
  return [
    `${isDryRun ? 'would ' : 'this will '}${verb} ${what}${shown.length > 0 ? ':' : ''}`,
    ...shown.map((line) => `  ${line}`),
    ...(rest > 0 && shown.length > 0 ? [`  … and ${rest} more`] : []),
  ];
}

/**
 * True when it may be done. A person at a terminal sees what will be touched and is asked, unless there is
 * nothing to touch or `--yes` was given; a script that names a filter is not held up.
 */
export async function isConfirmed(command: ManyCommand, plan: ManyPlan): Promise<boolean> {
  if (command.yes || plan.count === 0 || !isAskable(command)) return true;
  const { stdin: input, stderr: output } = command.context;
  say(output, `${planLines(plan, false).join('\n')}\n`);
  const { askYes } = await import('../output/ask.js');
  if (await askYes(input, output, `${plan.verb} ${plan.what}?`)) return true;
  say(output, 'nothing was changed\n');
  return false;
}

/** Whether a plan has to be made before anything is done. */
export const isPlanNeeded = (command: ManyCommand): boolean => command.dryRun || (!command.yes && isAskable(command));
