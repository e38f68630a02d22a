import type { ReadStream } from 'node:tty';
import type { TerminalSize } from '../execution.js';
import { errorCode } from '../system-error.js';
import { SpawnFailure, type ResolvedCommand } from './spawner.js';
import { Terminal } from './terminal.js';

/** Both ends of a terminal, as node-pty has them; its types do not tell. */
interface OpenPty {
  readonly master: ReadStream;
  readonly slave: ReadStream;
  readonly fd: number;
  readonly ptsName: string;
  resize(cols: number, rows: number): void;
}

interface NodePty {
  open(options: TerminalSize & { readonly encoding: null }): OpenPty;
}

/**
 * A terminal of node-pty's, which has them wherever Node runs. Programs that are started while it is
 * open inherit its far end: that is theirs to see anyway, for all tasks run as one user. Rejects with
 * `SpawnFailure`.
 */
export async function openPortableTerminal(size: TerminalSize): Promise<{ terminal: Terminal; path: string }> {
  try {
    // Imported late: its native part does not exist for every system.
    const { default: nodePty } = (await import('@lydell/node-pty')) as unknown as { default: NodePty };
    const pty = nodePty.open({ ...size, encoding: null });
    // It would read what is typed for the program.
    pty.slave.destroy();
    pty.master.pause();
    const resize = ({ cols, rows }: TerminalSize): void => pty.resize(cols, rows);
    return {
      path: pty.ptsName,
      terminal: new Terminal({ masterFd: pty.fd, source: pty.master, path: pty.ptsName, resize }),
    };
  } catch (error) {
    throw new SpawnFailure(`No terminal for the program: ${errorCode(error)}`, true);
  }
}

/** The leader of a new session gets the first terminal that it opens as its controlling one: a shell opens it. */
const SCRIPT = 'terminal=$1; shift; exec "$@" 0<>"$terminal" 1>&0 2>&0';

/** The same command, in the terminal at `path`. */
export function inTerminal(command: ResolvedCommand, path: string): ResolvedCommand {
  return {
    ...command,
    file: '/bin/sh',
    args: ['sh', '-c', SCRIPT, 'sh', path, command.file, ...command.args.slice(1)],
  };
}
