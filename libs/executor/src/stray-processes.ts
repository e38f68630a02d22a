import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno } from './system-error.js';

/** By what the processes of our tasks are told from all others on the machine. */
export interface StrayMark {
  /** Beginnings of a `NAME=value` in the environment that they were started with: one of these. */
  readonly environments: readonly string[];
  /** Values of RLIMIT_RTTIME that the launcher gave out: [first, past the last). */
  readonly tags?: readonly [bigint, bigint];
}

const KILL_ROUNDS = 100;
const ROUND_MS = 50;

/**
 * Pids of processes that carry the mark; zombies are not counted. Linux only: elsewhere, and where
 * the system hides a process, there is nothing to find.
 */
export function findStrays(mark: StrayMark): number[] {
  return allPids().filter((pid) => pid !== process.pid && isMarked(pid, mark));
}

/** Ends all that carry the mark (SIGKILL) and waits until none is left; returns those that stay after 5 s. */
export async function killStrays(mark: StrayMark): Promise<number[]> {
  let strays = findStrays(mark);
  for (let round = 0; strays.length > 0 && round < KILL_ROUNDS; round++) {
    for (const pid of strays) kill(pid, 'SIGKILL');
    await delay(round === 0 ? 1 : ROUND_MS);
    strays = findStrays(mark);
  }
  return strays;
}

/** Sends `signal`; false when there is no such process (or group, for a negative pid), or it is not ours. */
export function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (isErrno(error, 'ESRCH', 'EPERM')) return false;
    throw error;
  }
}

/** True when the environment that `pid` was started with has an entry that begins with one of `prefixes`. */
export function hasEnvironment(pid: number, prefixes: readonly string[]): boolean {
  const environment = `\0${readProc(`/proc/${pid}/environ`)}`;
  return prefixes.some((prefix) => environment.includes(`\0${prefix}`));
}

/** RLIMIT_RTTIME of `pid` in microseconds; undefined when unlimited or unknown. */
export function realtimeLimit(pid: number): bigint | undefined {
  const limit = /^Max realtime timeout +(\d+)/m.exec(readProc(`/proc/${pid}/limits`))?.[1];
  return limit === undefined ? undefined : BigInt(limit);
}

/** A file of /proc; empty when the process is gone, or not ours to look at. */
export function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL', 'EIO')) return '';
    throw error;
  }
}

/** True when `pid` is known to ignore that signal. */
export function ignores(pid: number, signalNumber: number): boolean {
  const mask = /^SigIgn:\t([0-9a-f]+)/m.exec(readProc(`/proc/${pid}/status`))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(signalNumber - 1)) & 1n) === 1n;
}

/**
 * True when `pid` has a handler for that signal, or keeps it back to take it by itself; undefined when nothing tells.
 */
function handles(pid: number, signalNumber: number): boolean | undefined {
  const status = readProc(`/proc/${pid}/status`);
  const masks = [...status.matchAll(/^Sig(?:Cgt|Blk):\t([0-9a-f]+)/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  if (masks.length === 0) return undefined;
  return masks.some((mask) => ((mask >> BigInt(signalNumber - 1)) & 1n) === 1n);
}

/** Sends a signal to those of `pids` that handle it, to all where the system does not tell; returns to how many. */
export function signalHandlers(pids: readonly number[], signal: NodeJS.Signals): number {
  const isTold = process.platform === 'linux';
  const takers = pids.filter((pid) => handles(pid, constants.signals[signal]) ?? !isTold);
  return takers.filter((pid) => kill(pid, signal)).length;
}

/** True for a process that has ended and was not reaped. */
export function isZombie(pid: number): boolean {
  return /^State:\tZ/m.test(readProc(`/proc/${pid}/status`));
}

function isMarked(pid: number, { environments, tags }: StrayMark): boolean {
  if (hasEnvironment(pid, environments)) return true;
  if (tags === undefined) return false;
  const limit = realtimeLimit(pid);
  return limit !== undefined && limit >= tags[0] && limit < tags[1] && !isZombie(pid);
}

function allPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
