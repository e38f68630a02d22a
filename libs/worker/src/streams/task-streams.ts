import { cutText, MitoError, storableText, type Log } from '@mitosis/domain';
import type { FromWorker, StreamOrder, ToWorker } from '@mitosis/protocol';
import type { RunningAttempts } from '../running-attempts.js';
import { serveCommand } from './serve-command.js';
import { listFolder, readFromFolder } from './serve-files.js';
import { serveConnection, watchPort } from './serve-port.js';
import { ServedStream, type Ended } from './served-stream.js';

/** Streams at a time of all people together. */
const STREAMS_MAX = 1_000;

export interface TaskStreamsOptions {
  readonly running: Pick<RunningAttempts, 'execution'>;
  readonly log: Log;
  send(message: FromWorker): void;
}

/**
 * What people do inside of running attempts: commands beside them, connections to their ports, their files. A stream
 * ends with its attempt, with the person at the other end, and with the connection to the coordinator.
 */
export class TaskStreams {
  private readonly streams = new Map<string, ServedStream>();

  constructor(private readonly options: TaskStreamsOptions) {}

  receive({ stream: id, part }: Extract<ToWorker, { type: 'stream' }>): void {
    const stream = this.streams.get(id);
    if (stream) return stream.receive(part);
    if (part.op === 'open') return void this.serve(id, part);
    if (part.op === 'ping')
      this.close(id, new MitoError('unavailable', 'stream_lost', 'the worker has lost the stream'));
  }

  /** The connection to the coordinator is gone: what was on its way is lost. */
  closeAll(): void {
    for (const stream of this.streams.values()) stream.leave();
  }

  private async serve(id: string, order: Extract<StreamOrder, { op: 'open' }>): Promise<void> {
    const stream = new ServedStream((part) => this.options.send({ type: 'stream', stream: id, part }));
    this.streams.set(id, stream);
    try {
      if (this.streams.size > STREAMS_MAX)
        throw new MitoError(
          'conflict',
          'too_many_streams',
          `more than ${STREAMS_MAX} connections to tasks of the worker`,
        );
      const { exitCode = null, signal = null } = await this.run(stream, order);
      this.options.send({ type: 'stream', stream: id, part: { op: 'closed', exit_code: exitCode, signal } });
    } catch (error) {
      this.close(id, error);
    } finally {
      stream.leave();
      this.streams.delete(id);
    }
  }

  private async run(stream: ServedStream, { attempt, wish }: Extract<StreamOrder, { op: 'open' }>): Promise<Ended> {
    const execution = await this.options.running.execution(attempt, stream.signal);
    if (!execution)
      throw new MitoError('conflict', 'not_running', 'its program has not started yet, or has ended already');
    void execution.result.then(() => stream.taskEnded());
    switch (wish.kind) {
      case 'exec':
        return serveCommand(stream, execution, wish);
      case 'connect':
        return serveConnection(stream, execution, wish.port);
      case 'watch':
        return watchPort(stream, execution, wish.port);
      case 'list':
        return listFolder(stream, execution.scratch, wish.path);
      case 'read':
        return readFromFolder(stream, execution.scratch, wish);
    }
  }

  private close(id: string, error: unknown): void {
    const isKnown = error instanceof MitoError;
    if (!isKnown) this.options.log.error({ err: error }, 'a stream into a task failed');
    const code = isKnown ? error.code : 'stream_lost';
    const message = isKnown ? cutText(storableText(error.message), 4096) : 'the worker failed; its log says why';
    const part = { op: 'closed', exit_code: null, signal: null, error: { code, message } } as const;
    this.options.send({ type: 'stream', stream: id, part });
  }
}
