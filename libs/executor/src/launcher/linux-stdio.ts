import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import type { TerminalSize } from '../execution.js';
import { describeErrno, errorCode } from '../system-error.js';
import type { Libc, PosixSpawnOptions } from './libc.js';
import { SpawnFailure, type ResolvedCommand, type SpawnedProcess } from './spawner.js';
import { Terminal } from './terminal.js';

/** The launcher's ends of what a program has for 0, 1 and 2. */
export type ProgramEnds = Pick<SpawnedProcess, 'stdout' | 'stderr' | 'terminal' | 'stdin'>;

/** What a program has for 0, 1 and 2, and the launcher's end of it. */
export interface LinuxStdio {
  readonly stdio: PosixSpawnOptions['stdio'];
  /** The program was started. */
  opened(): ProgramEnds;
  /** It was not. */
  abandon(): void;
}

/** Pipes, or a terminal when the command asks for one. Throws `SpawnFailure`. */
export function openStdio(libc: Libc, { stdinFd, terminal, isFed }: ResolvedCommand): LinuxStdio {
  return terminal === undefined ? openPipes(libc, stdinFd, isFed === true) : openTerminal(libc, terminal);
}

/** Throws `SpawnFailure`, and leaves none open. */
function makePipes(libc: Libc, count: number): [number, number][] {
  const pipes: [number, number][] = [];
  while (pipes.length < count) {
    const pipe = libc.pipe();
    if (pipe) {
      pipes.push(pipe);
      continue;
    }
    const reason = describeErrno(libc.errno());
    pipes.flat().forEach((fd) => closeSync(fd));
    throw new SpawnFailure(`No pipes for the program: ${reason}`, true);
  }
  return pipes;
}

function openPipes(libc: Libc, stdinFd: number, isFed: boolean): LinuxStdio {
  const [stdout, stderr, stdin] = makePipes(libc, isFed ? 3 : 2) as [
    [number, number],
    [number, number],
    [number, number] | undefined,
  ];
  const theirs = [stdout[1], stderr[1], ...(stdin ? [stdin[0]] : [])];
  const ours = [stdout[0], stderr[0], ...(stdin ? [stdin[1]] : [])];
  return {
    stdio: [stdin?.[0] ?? stdinFd, stdout[1], stderr[1]],
    opened() {
      theirs.forEach((fd) => closeSync(fd));
      return {
        stdout: readFrom(stdout[0]),
        stderr: readFrom(stderr[0]),
        ...(stdin && { stdin: writeTo(stdin[1]) }),
      };
    },
    abandon: () => [...theirs, ...ours].forEach((fd) => closeSync(fd)),
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

function writeTo(fd: number): Writable {
  return new Socket({ fd, readable: false, writable: true });
}

function readFrom(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false });
}
