import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { environmentFailed } from './environment-failed.js';

/** A lock on a file, until it is released or this process ends, however it ends. */
export interface HeldLock {
  release(): Promise<void>;
}

export type LockMode = 'shared' | 'exclusive';

const MODES = { shared: { option: '-s', number: 1 }, exclusive: { option: '-x', number: 2 } } as const;
const NOT_WAITING = 4;
/** With the lock in hand it says so, and keeps it until its input ends: that of a dead process has ended. */
const HOLDER = ['/bin/sh', '-c', 'echo; exec cat'];
const PERL =
  'open(my $f, ">>", $ARGV[0]) or die $!; flock($f, $ARGV[1]) or exit 1; $| = 1; print "\\n"; 1 while <STDIN>';

/** flock(1) is part of every Linux; elsewhere Perl has the same call. */
function commandOf(file: string, mode: LockMode, isWaiting: boolean): [program: string, args: string[]] {
  const { option, number } = MODES[mode];
  if (process.platform === 'linux') return ['flock', [option, ...(isWaiting ? [] : ['-n']), file, ...HOLDER]];
  return ['perl', ['-MFcntl=:flock', '-e', PERL, file, String(number + (isWaiting ? 0 : NOT_WAITING))]];
}

/**
 * Takes flock(2) of `file` (created when missing), which a child process holds: the kernel frees it when that is
 * gone, and it counts between processes, containers and workers. Waits for whoever has it, until `signal` fires.
 */
export async function holdLock(file: string, mode: LockMode, signal?: AbortSignal): Promise<HeldLock> {
  const lock = await take(file, mode, { isWaiting: true, signal });
  if (lock === undefined) throw environmentFailed(`The lock ${file} was not taken`);
  return lock;
}

/** The same for whom nobody may be in the way: undefined when somebody is. */
export async function tryLock(file: string): Promise<HeldLock | undefined> {
  return take(file, 'exclusive', { isWaiting: false, signal: undefined });
}

async function take(
  file: string,
  mode: LockMode,
  { isWaiting, signal }: { readonly isWaiting: boolean; readonly signal: AbortSignal | undefined },
): Promise<HeldLock | undefined> {
  signal?.throwIfAborted();
  const [program, args] = commandOf(file, mode, isWaiting);
  // Its own session: Ctrl-C in the worker's terminal ends no lock.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const ended = once(child, 'close').catch((cause: Error) => {
    throw environmentFailed(`The worker needs "${program}" to lock its environments: ${cause.message}`, cause);
  });
  const end = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  const isHeld = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
  signal?.removeEventListener('abort', end);
  if (signal?.aborted) end();
  if (isHeld && !signal?.aborted) return { release: () => released(child, ended) };
  await ended;
  signal?.throwIfAborted();
  return undefined;
}

async function released(child: ReturnType<typeof spawn>, ended: Promise<unknown>): Promise<void> {
  child.stdin?.destroy();
  await ended;
}
