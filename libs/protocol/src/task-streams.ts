import { z } from 'zod';
import { isStorableText } from '@mitosis/domain';
import { ProcessString, UNSTORABLE } from './fields.js';
import { TerminalSize } from './terminal.js';

/** Bytes of one direction of a stream that the other end has not taken yet. */
export const STREAM_WINDOW_BYTES = 262_144;
/** The most bytes in one message. */
export const STREAM_PIECE_BYTES = 65_536;
/** Arguments of one command. */
const ARGS_MAX = 4096;
/** Entries of one folder that are listed. */
export const LISTED_ENTRIES_MAX = 10_000;

const Port = z.int().min(1).max(65_535);
const TaskPath = z.string().max(4096, 'must not be longer than 4096 characters').refine(isStorableText, UNSTORABLE);
const Args = z.array(ProcessString).min(1).max(ARGS_MAX);
/** The kind of terminal that a person has. */
const TerminalKind = z.string().regex(/^[\w.+-]{1,64}$/, 'is not the name of a kind of terminal');

/** What a person wants of a running attempt. */
export const StreamWish = z.discriminatedUnion('kind', [
  /** A command beside the task. */
  z.object({ kind: z.literal('exec'), args: Args, pty: TerminalSize.optional(), term: TerminalKind.optional() }),
  /** A connection to a port on which the task listens. */
  z.object({ kind: z.literal('connect'), port: Port }),
  /** Whether it listens there; the stream stays open as long as the attempt runs. */
  z.object({ kind: z.literal('watch'), port: Port }),
  z.object({ kind: z.literal('list'), path: TaskPath }),
  /** The bytes of a file, or a folder as tar.gz. */
  z.object({ kind: z.literal('read'), path: TaskPath, is_packed: z.boolean() }),
]);
export type StreamWish = z.output<typeof StreamWish>;

const StreamOutput = z.enum(['stdout', 'stderr']);
export type StreamOutput = z.output<typeof StreamOutput>;

/** What either end of a stream sends; see `StreamEnd`. */
const SHARED_PARTS = [
  z.object({
    op: z.literal('data'),
    channel: StreamOutput,
    /** Of the first byte, in all that was sent in this direction. */
    offset: z.int().min(0),
    data_base64: z.string().max(Math.ceil(STREAM_PIECE_BYTES / 3) * 4),
  }),
  /** No data comes after it. */
  z.object({ op: z.literal('end') }),
  /** All bytes before `offset` were taken. */
  z.object({ op: z.literal('ack'), offset: z.int().min(0) }),
] as const;
const SharedPart = z.discriminatedUnion('op', SHARED_PARTS);
export type SharedPart = z.output<typeof SharedPart>;

/** How a stream ended: `exit_code` and `signal` of a command, or why it was refused. */
export const StreamClosed = z.object({
  exit_code: z.int().nullable().default(null),
  signal: z.string().max(32).nullable().default(null),
  error: z.object({ code: z.string().max(64), message: z.string().max(4096) }).optional(),
});
export type StreamClosed = z.output<typeof StreamClosed>;

/** From the coordinator. */
export const StreamOrder = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('open'),
    attempt: z.object({ task: z.string(), attempt: z.int() }),
    wish: StreamWish,
  }),
  ...SHARED_PARTS,
  z.object({ op: z.literal('size'), size: TerminalSize }),
  /** Somebody is there; answered by `pong`. */
  z.object({ op: z.literal('ping') }),
  z.object({ op: z.literal('close') }),
]);
export type StreamOrder = z.output<typeof StreamOrder>;

/** From the worker. */
export const StreamReport = z.discriminatedUnion('op', [
  /** `size_bytes`: of a file that follows. */
  z.object({ op: z.literal('opened'), size_bytes: z.int().min(0).optional() }),
  ...SHARED_PARTS,
  z.object({ op: z.literal('pong') }),
  StreamClosed.extend({ op: z.literal('closed') }),
]);
export type StreamReport = z.output<typeof StreamReport>;

/**
 * What a client says on the WebSocket of `tasks.exec` and `tasks.forward`, as text; binary messages are data. `open`
 * comes first, on the former only.
 */
export const FromStreamClient = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('open'),
    args: Args,
    pty: TerminalSize.optional(),
    term: TerminalKind.optional(),
  }),
  z.strictObject({ type: z.literal('size'), size: TerminalSize }),
  z.strictObject({ type: z.literal('end') }),
]);
export type FromStreamClient = z.output<typeof FromStreamClient>;

/** What it is told, as text. Binary messages are data; of a command the first byte is 1 for stdout, 2 for stderr. */
export const ToStreamClient = z.discriminatedUnion('type', [
  z.object({ type: z.literal('opened'), attempt: z.int() }),
  z.object({ type: z.literal('end') }),
  /** The last message. */
  StreamClosed.extend({ type: z.literal('closed') }),
]);
export type ToStreamClient = z.output<typeof ToStreamClient>;

/** The query of `tasks.forward`. */
export const ForwardQuery = z.object({
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'is not a port')
    .transform(Number)
    .pipe(Port),
  /** Only whether the task listens there: no connection is made, and the WebSocket lasts as long as the task. */
  watch: z.enum(['true', 'false']).default('false'),
});
export type ForwardQuery = z.output<typeof ForwardQuery>;

export const TaskFilesQuery = z.object({ path: TaskPath.min(1).optional() });
export const TaskFileQuery = z.object({
  path: TaskPath.min(1),
  /** A folder, packed as tar.gz. */
  packed: z.enum(['true', 'false']).default('false'),
});

/** One entry of a folder of a running task. */
export const TaskFileEntry = z.object({
  name: z.string(),
  kind: z.enum(['file', 'folder', 'link', 'other']),
  size_bytes: z.int(),
  modified_at: z.string(),
  /** Where a link leads. */
  target: z.string().optional(),
});
export type TaskFileEntry = z.output<typeof TaskFileEntry>;

/** A folder of a running task, or one file of it. */
export const TaskFiles = z.object({
  /** From the folders of the attempt on: `exec/data`. */
  path: z.string(),
  is_folder: z.boolean(),
  entries: z.array(TaskFileEntry),
  /** There are more than `LISTED_ENTRIES_MAX`. */
  is_truncated: z.boolean(),
});
export type TaskFiles = z.output<typeof TaskFiles>;
