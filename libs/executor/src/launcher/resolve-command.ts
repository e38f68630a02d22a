import { accessSync, closeSync, constants, fstatSync, openSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join, resolve, sep } from 'node:path';
import type { CommandSpec } from '../execution.js';
import { errorCode, isErrno } from '../system-error.js';
import type { Launch } from './messages.js';
import { shorten } from './spawn-errors.js';
import { SpawnFailure, type ResolvedCommand } from './spawner.js';

type CommandPlace = Pick<Launch, 'spec' | 'execDir' | 'mark' | 'isGuest'>;

/**
 * Checks a command as far as it can be checked before the system is asked: strings without NUL, a
 * working folder inside `execDir`, a regular file as input, a program that exists and is executable.
 * The caller closes `stdinFd`. Throws `SpawnFailure`.
 */
export function resolveCommand({ spec, execDir, mark, isGuest }: CommandPlace): ResolvedCommand {
  checkStrings(spec);
  checkTerminal(spec);
  const cwd = resolveCwd(spec.cwd ?? '.', execDir);
  const file = findProgram(spec.args[0] ?? '', cwd, spec.env['PATH'] ?? '');
  const stdinFd = openInput(spec.stdinPath, execDir);
  const isFed = isGuest === true && spec.pty === undefined;
  return { file, args: spec.args, env: spec.env, cwd, stdinFd, mark, isFed, ...(spec.pty && { terminal: spec.pty }) };
}

const TERMINAL_MAX = 65_535;

function checkTerminal({ pty, stdinPath }: CommandSpec): void {
  if (pty === undefined) return;
  if (stdinPath !== undefined) throw new SpawnFailure('A program in a terminal reads from that, not from a file');
  const isSize = [pty.cols, pty.rows].every((value) => Number.isInteger(value) && value > 0 && value <= TERMINAL_MAX);
  if (!isSize) throw new SpawnFailure(`A terminal can't have ${pty.cols} columns and ${pty.rows} rows`);
}

function checkStrings({ args, env }: CommandSpec): void {
  if ((args[0] ?? '') === '') throw new SpawnFailure('The command is empty');
  if (args.some((arg) => arg.includes('\0'))) throw new SpawnFailure('An argument has a NUL character');
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || name.includes('=')) throw new SpawnFailure(`"${shorten(name)}" can't name a variable`);
    if (name.includes('\0') || value.includes('\0')) throw new SpawnFailure('The environment has a NUL character');
  }
}

function resolveCwd(cwd: string, execDir: string): string {
  const root = realpathSync(execDir);
  try {
    const path = realpathSync(resolve(root, cwd));
    if (path !== root && !path.startsWith(root + sep)) {
      throw new SpawnFailure(`The working folder "${shorten(cwd)}" is not inside the exec folder`);
    }
    if (!statSync(path).isDirectory()) throw new SpawnFailure(`"${shorten(cwd)}" is not a folder`);
    return path;
  } catch (error) {
    if (error instanceof SpawnFailure) throw error;
    throw new SpawnFailure(`No working folder "${shorten(cwd)}": ${errorCode(error)}`);
  }
}

/** As execvp(3) does it, but with the task's own PATH. */
function findProgram(name: string, cwd: string, path: string): string {
  const candidates = name.includes('/') ? [name] : path.split(delimiter).map((dir) => join(dir || '.', name));
  let refusal: unknown;
  for (const candidate of candidates) {
    try {
      assertExecutable(resolve(cwd, candidate));
      return candidate.includes('/') ? candidate : `./${candidate}`;
    } catch (error) {
      if (refusal === undefined || !isErrno(error, 'ENOENT', 'ENOTDIR')) refusal = error;
    }
  }
  const reason = isErrno(refusal, 'ENOENT') || refusal === undefined ? 'no such program (ENOENT)' : errorCode(refusal);
  throw new SpawnFailure(`"${shorten(name)}" could not be started: ${reason}`);
}

function assertExecutable(path: string): void {
  if (!statSync(path).isFile()) throw new SpawnFailure('not a file');
  accessSync(path, constants.X_OK);
}

function openInput(path: string | undefined, execDir: string): number {
  if (path === undefined) return openSync('/dev/null', 'r');
  try {
    // Without O_NONBLOCK a FIFO instead of the file would block the launcher.
    const fd = openSync(resolve(execDir, path), constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (error) {
    throw new SpawnFailure(`No input "${shorten(path)}": ${errorCode(error)}`);
  }
  throw new SpawnFailure(`The input "${shorten(path)}" is not a regular file`);
}
