import { formatDuration, parseDuration } from './duration.js';
import { invalidField } from './errors.js';

/** Signals with which a program can ask to be warned before its time limit. */
export const WARN_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
] as const;
export type WarnSignal = (typeof WARN_SIGNALS)[number];

export interface Warning {
  readonly warn_before_ms: number;
  readonly warn_signal?: WarnSignal;
}

/** `USR2`, `sigusr2`; undefined for what is not a signal of {@link WARN_SIGNALS}. */
export function warnSignal(name: string): WarnSignal | undefined {
  const wanted = `SIG${name.toUpperCase().replace(/^SIG/, '')}`;
  return WARN_SIGNALS.find((signal) => signal === wanted);
}

/** `5m`, or `5m:USR2`. Throws `invalid_request` naming `field`. */
export function parseWarning(text: string, field: string): Warning {
  const [before = '', ...names] = text.split(':');
  const warn_before_ms = parseDuration(before, field);
  if (names.length === 0) return { warn_before_ms };
  const name = names.join(':');
  const signal = warnSignal(name);
  if (signal !== undefined) return { warn_before_ms, warn_signal: signal };
  const known = WARN_SIGNALS.map((each) => each.slice('SIG'.length)).join(', ');
  throw invalidField(field, `"${name}" is not a signal for a warning; use ${known}, or none for a file only`);
}

/** Throws `invalid_request` for a warning that would come before the start, or never. */
export function assertWarning(warnBeforeMs: number | undefined, timeoutMs: number | null): void {
  if (warnBeforeMs === undefined) return;
  if (timeoutMs === null)
    throw invalidField(
      'warn_before_ms',
      'the task has no time limit to be warned of; set one with timeout_ms (--timeout)',
    );
  if (warnBeforeMs >= timeoutMs)
    throw invalidField('warn_before_ms', `must be shorter than the time limit, which is ${formatDuration(timeoutMs)}`);
}
