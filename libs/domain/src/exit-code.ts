/** Numbers of the signals of Linux, signal(7); what ends a program on another system has the same names. */
const SIGNALS =
  `HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU
  URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS`.split(/\s+/);

const ALIASES: Readonly<Record<string, string>> = { SIGIOT: 'SIGABRT', SIGPOLL: 'SIGIO', SIGUNUSED: 'SIGSYS' };

/** Shells say 128 + n for a program that signal n has ended. */
const SIGNAL_BASE = 128;

/** Stands for every exit code that a process can't have. */
export const EXIT_OUT_OF_RANGE = 255;

/**
 * The exit code of a program that this signal has ended, as a shell has it: 137 for SIGKILL. Undefined for no signal.
 */
export function exitCodeOfSignal(signal: string | null | undefined): number | undefined {
  if (signal === null || signal === undefined) return undefined;
  const numbered = /^SIG(\d{1,3})$/.exec(signal);
  const index = SIGNALS.indexOf((ALIASES[signal] ?? signal).replace(/^SIG/, ''));
  if (numbered) return Math.min(SIGNAL_BASE + Number(numbered[1]), EXIT_OUT_OF_RANGE);
  return index < 0 ? EXIT_OUT_OF_RANGE : SIGNAL_BASE + index + 1;
}

/**
 * An exit code as a process can have it, 0 to 255. A sandboxed program may give any number of 32 bits: those out of
 * range count as 255, and never as 0 by their last eight bits.
 */
export function processExitCode(code: number): number {
  return Number.isInteger(code) && code >= 0 && code <= EXIT_OUT_OF_RANGE ? code : EXIT_OUT_OF_RANGE;
}
