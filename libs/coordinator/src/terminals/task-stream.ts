import { ERRORS, MitoError } from '@mitosis/domain';
import {
  StreamEnd,
  type StreamClosed,
  type StreamOrder,
  type StreamOutput,
  type StreamReport,
  type TerminalSize,
} from '@mitosis/protocol';

/** Who takes what comes from the attempt. */
export interface StreamHandlers {
  onData(bytes: Buffer, channel: StreamOutput): Promise<void>;
  /** Nothing comes after it. */
  onEnd?(): void;
}

export interface TaskStreamOptions {
  readonly worker: string;
  readonly handlers: StreamHandlers;
  send(part: StreamOrder): void;
  onClosed(): void;
}

const BEAT_MS = 5_000;
/** A worker that has said nothing for this time is taken for lost. */
const SILENT_MS = 30_000;

/** What a worker may refuse. */
const REFUSALS = [
  'command_not_started',
  'execution_ended',
  'file_unreadable',
  'folder_too_large',
  'no_guests',
  'not_a_file',
  'not_a_folder',
  'not_running',
  'outside_folders',
  'path_not_found',
  'port_closed',
  'stream_lost',
  'task_ended',
  'too_many_streams',
  'worker_away',
] as const;

/** The error that a worker has given for the end of a stream. */
export function refusalOf({ code, message }: NonNullable<StreamClosed['error']>): MitoError {
  const known = REFUSALS.find((refusal) => refusal === code) ?? 'stream_lost';
  return new MitoError<string>(ERRORS[known].kind, known, message);
}

/** The coordinator's end of one stream into an attempt: opening ──▶ open ──▶ closed. */
export class TaskStream {
  readonly worker: string;
  /** Settles when the stream has ended, and all that came before was handed over; never rejects. */
  readonly closed: Promise<StreamClosed>;
  private readonly end: StreamEnd;
  private readonly beat: NodeJS.Timeout;
  private heardAt = performance.now();
  private isClosed = false;
  private settle!: (closed: StreamClosed) => void;
  private begin!: (sizeBytes: number | undefined) => void;
  private readonly begun: Promise<number | undefined>;
  private size: number | undefined;

  constructor(private readonly options: TaskStreamOptions) {
    const { worker, handlers, send } = options;
    this.worker = worker;
    this.closed = new Promise((resolve) => (this.settle = resolve));
    this.begun = new Promise((resolve) => (this.begin = resolve));
    this.end = new StreamEnd({
      send,
      onData: (bytes, channel) => handlers.onData(bytes, channel),
      onEnd: () => handlers.onEnd?.(),
      onBroken: (reason) => this.lose(reason),
    });
    this.beat = setInterval(() => this.check(), BEAT_MS);
  }

  /** Of the file that follows, when it is one. */
  get sizeBytes(): number | undefined {
    return this.size;
  }

  /** Resolves when the worker has opened it; throws why it has not. */
  async opened(limitMs: number): Promise<void> {
    const late = setTimeout(() => this.lose('the worker of the task does not respond', 'worker_away'), limitMs);
    const first = await Promise.race([this.begun.then(() => undefined), this.closed]);
    clearTimeout(late);
    if (first?.error) throw refusalOf(first.error);
  }

  receive(part: StreamReport): void {
    this.heardAt = performance.now();
    if (part.op === 'opened') {
      this.size = part.size_bytes;
      this.begin(part.size_bytes);
    } else if (part.op === 'closed') {
      const { exit_code, signal, error } = part;
      const closed = { exit_code, signal, ...(error && { error }) };
      void this.end.settled.then(() => this.finish(closed));
    } else if (part.op !== 'pong') this.end.receive(part);
  }

  /** Waits for room; returns false when the stream has ended. */
  write(bytes: Uint8Array): Promise<boolean> {
    return this.end.write(bytes);
  }

  /** Says that nothing more is written. */
  finishWriting(): void {
    this.end.finish();
  }

  resize(size: TerminalSize): void {
    if (!this.isClosed) this.options.send({ op: 'size', size });
  }

  /** Whoever opened it has gone. */
  close(): void {
    this.lose('the connection was closed');
  }

  /** Ends it on both sides. */
  lose(message: string, code: (typeof REFUSALS)[number] = 'stream_lost'): void {
    if (this.isClosed) return;
    this.options.send({ op: 'close' });
    this.finish({ exit_code: null, signal: null, error: { code, message } });
  }

  private check(): void {
    if (performance.now() - this.heardAt > SILENT_MS) this.lose('its worker is offline');
    else this.options.send({ op: 'ping' });
  }

  private finish(closed: StreamClosed): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.beat);
    this.end.close();
    this.options.onClosed();
    this.settle(closed);
  }
}
