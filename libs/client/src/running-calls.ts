import { operations, type StreamOutput, type TaskFiles, type TerminalSize } from '@mitosis/protocol';
import { pathOf } from './call-operation.js';
import type { CallOptions } from './call-options.js';
import type { TaskSocket } from './net/task-socket.js';
import type { Transport } from './transport.js';

/** A command beside a running task. */
export interface CommandBeside {
  readonly args: readonly string[];
  /** A terminal of this size for it, instead of pipes. */
  readonly pty?: TerminalSize | undefined;
  /** The kind of the person's terminal, as in `TERM`. */
  readonly term?: string | undefined;
}

export interface StreamOptions extends CallOptions {
  /** Takes what comes, one piece after the other; while it waits, so does the program. */
  onData(bytes: Buffer, channel: StreamOutput): Promise<void>;
  /** The other side sends no more. */
  onEnd?(): void;
}

export interface RunningFile {
  /** Undefined for a folder, which is packed as it comes. */
  readonly sizeBytes: number | undefined;
  /** Whoever stops reading ends the connection. Throws when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

const ops = operations.tasks;

/** What can be done inside of a task while it runs. It needs the role `write` in the task's group. */
export class RunningCalls {
  constructor(private readonly transport: Transport) {}

  /**
   * Starts a command in the environment and the folder of a running task. `write` and `finish` of what is returned
   * feed it; `ended` says how it ended. It ends with the task, and with the connection. Throws `task_ended`,
   * `not_running`, `command_not_started` and `no_guests`.
   */
  exec(uuid: string, { args, pty, term }: CommandBeside, options: StreamOptions): Promise<TaskSocket> {
    const command = { args: [...args], ...(pty && { pty }), ...(term !== undefined && { term }) };
    return this.open(pathOf(ops.exec, { params: { uuid } }), options, { type: 'open', ...command });
  }

  /** One connection to a port on which the task listens. Throws `port_closed`. */
  connect(uuid: string, port: number, options: StreamOptions): Promise<TaskSocket> {
    return this.open(pathOf(ops.forward, { params: { uuid }, query: { port } }), options);
  }

  /** Makes sure that the task listens on a port. `ended` of what is returned resolves when the task has ended. */
  watchPort(uuid: string, port: number, { signal }: CallOptions = {}): Promise<TaskSocket> {
    const query = { port, watch: 'true' };
    return this.open(pathOf(ops.forward, { params: { uuid }, query }), { signal, onData: async () => undefined });
  }

  /** What is in a folder of a running task: `exec`, `exec/data`; the folders themselves without a path. */
  files(uuid: string, path?: string, { signal }: CallOptions = {}): Promise<TaskFiles> {
    return this.transport.call(ops.files, { params: { uuid }, query: { ...(path !== undefined && { path }) }, signal });
  }

  /** A file of a running task as it is now, or a folder as tar.gz (`isPacked`). */
  async read(
    uuid: string,
    path: string,
    { isPacked = false, signal }: CallOptions & { readonly isPacked?: boolean } = {},
  ): Promise<RunningFile> {
    const query = { path, packed: isPacked ? 'true' : 'false' };
    const answer = await this.transport.request(ops.file, { params: { uuid }, query, signal });
    const length = answer.header('content-length');
    return { sizeBytes: length === undefined ? undefined : Number(length), body: answer.body };
  }

  private open(path: string, options: StreamOptions, first?: Parameters<Transport['openSocket']>[1]['first']) {
    const { signal, onData, onEnd } = options;
    const hasChannels = first !== undefined;
    return this.transport.openSocket(path, {
      signal,
      onData,
      hasChannels,
      ...(onEnd && { onEnd }),
      ...(first && { first }),
    });
  }
}
