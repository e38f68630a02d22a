import type { Writable } from 'node:stream';
import picocolors from 'picocolors';

export type Paint = ReturnType<typeof picocolors.createColors>;

export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

/**
 * Colours for `stream`: on a terminal only, never with NO_COLOR (no-color.org) or TERM=dumb, always with FORCE_COLOR.
 */
export function paintFor(stream: Writable, env: Readonly<Record<string, string | undefined>>): Paint {
  const isForced = (env.FORCE_COLOR ?? '') !== '' && env.FORCE_COLOR !== '0';
  const isRefused = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return picocolors.createColors(!isRefused && (isForced || isTerminal(stream)));
}

/** The colour of a state, of a task or of anything that has similar ones; unknown ones stay plain. */
export function paintState(state: string, paint: Paint): string {
  const [word = ''] = state.split(' ');
  if (['completed', 'active', 'online', 'ready', 'ok'].includes(word)) return paint.green(state);
  if (['failed', 'lost', 'deleted', 'error', 'locked', 'stopped'].includes(word)) return paint.red(state);
  if (['running', 'draining'].includes(word)) return paint.cyan(state);
  if (['pending', 'cancelled', 'suspended'].includes(word)) return paint.yellow(state);
  return state;
}
