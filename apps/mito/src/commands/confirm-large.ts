import { invalidField } from '@mitosis/domain';
import type { MitoContext } from '../mito-context.js';
import { isTerminal } from '../output/paint.js';
import { say } from '../output/say.js';

/**
 * Whether a folder of more than 100 MiB is to be sent: `--yes` says so, or the person at the terminal, who sees its
 * largest files. Throws `invalid_request` when nobody can be asked.
 */
export async function confirmLarge(
  { context, yes, json }: { readonly context: MitoContext; readonly yes: boolean; readonly json: boolean },
  what: string,
  largest: readonly string[],
): Promise<boolean> {
  if (yes) return true;
  const { stdin, stderr } = context;
  if (json || !isTerminal(stdin) || !isTerminal(stderr)) {
    const advice = `add --yes, or name what is not code in .mitoignore. Its largest files: ${largest.join(', ')}`;
    throw invalidField('--workdir', `${what} would be sent, and nobody can be asked: ${advice}`);
  }
  say(stderr, `the largest files:\n${largest.map((line) => `  ${line}`).join('\n')}\n`);
  const { askYes } = await import('../output/ask.js');
  return askYes(stdin, stderr, `Send ${what}?`);
}
