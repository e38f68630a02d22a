import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ReadStream } from 'node:tty';
import type { TerminalSize } from '../execution.js';
import { describeErrno, errorCode } from '../system-error.js';
import type { Libc, PosixSpawnOptions } from './libc.js';
import { SpawnFailure, type ResolvedCommand, type SpawnedProcess } from './spawner.js';
import { Terminal } from './terminal.js';

/** What a program has for 0, 1 and 2, and the launcher's end of it. */
export interface LinuxStdio {
  readonly stdio: PosixSpawnOptions['stdio'];
  /** The program was started. */
  opened(): Pick<SpawnedProcess, 'stdout' | 'stderr' | 'terminal'>;
  /** It was not. */
  abandon(): void;
}

/** Pipes, or a terminal when the command asks for one. Throws `SpawnFailure`. */
export function openStdio(libc: Libc, { stdinFd, terminal }: ResolvedCommand): LinuxStdio {
  return terminal === undefined ? openPipes(libc, stdinFd) : openTerminal(libc, terminal);
}

function openPipes(libc: Libc, stdinFd: number): LinuxStdio {
  const stdout = libc.pipe();
  const stderr = stdout && libc.pipe();
  if (stdout === undefined || stderr === undefined) {
    const reason = describeErrno(libc.errno());
    stdout?.forEach((fd) => closeSync(fd));
    throw new SpawnFailure(`No pipes for the program: ${reason}`, true);
  }
  const closeEnds = (end: 0 | 1): void => [stdout, stderr].forEach((ends) => closeSync(ends[end]));
  return {
    stdio: [stdinFd, stdout[1], stderr[1]],
    opened() {
      closeEnds(1);
      return { stdout: readFrom(stdout[0]), stderr: readFrom(stderr[0]) };
    },
    abandon() {
      closeEnds(1);
      closeEnds(0);
    },
  };
}

/** All that is shown there is `stdout`. */
function openTerminal(libc: Libc, size: TerminalSize): LinuxStdio {
  const { terminal, path } = makeTerminal(libc, size);
  return {
    stdio: path,
    opened: () => ({ stdout: terminal.output, stderr: Readable.from([]), terminal }),
    abandon: () => terminal.abandon(),
  };
}

function makeTerminal(libc: Libc, size: TerminalSize): { terminal: Terminal; path: string } {
  try {
    const { masterFd, path } = libc.openTerminal();
    const resize = (wanted: TerminalSize): void => libc.setTerminalSize(masterFd, wanted);
    resize(size);
    return { terminal: new Terminal({ masterFd, source: new ReadStream(masterFd), path, resize }), path };
  } catch (error) {
    throw new SpawnFailure(`No terminal for the program: ${errorCode(error)}`, true);
  }
}

function readFrom(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false });
}
