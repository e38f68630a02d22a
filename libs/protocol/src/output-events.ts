import { z } from 'zod';
import { PageSize, WholeNumber } from './conditions.js';
import { TaskSummary } from './tasks.js';

/**
 * Server-sent events of `GET /tasks/:uuid/output`. The id of an `output` event is
 * `<attempt>:<offset after it>`; a reader that sends it back as `Last-Event-ID` continues there.
 */
export const OutputEvent = z.object({ attempt: z.int(), offset: z.int(), frames_base64: z.string() });
export type OutputEvent = z.output<typeof OutputEvent>;

/** The last event of the stream (`end`): the task is in a final state and all output was sent. */
export const OutputEnd = TaskSummary;

/** The query string of `GET /tasks/:uuid/output`; with `follow=false` it ends with what is there now. */
export const OutputQuery = z.strictObject({
  follow: z
    .enum(['true', 'false'])
    .default('true')
    .transform((value) => value === 'true'),
  /** Only this attempt; the last one, and those that follow it, when left out. */
  attempt: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'use the number of an attempt, from 1')
    .transform(Number)
    .optional(),
});

/** The query string of `GET /tasks/:uuid/lines`: lines from `from` on, or the last ones. */
export const OutputLinesQuery = z.strictObject({
  /** The last one when left out. */
  attempt: WholeNumber(999_999_999).optional(),
  /** Lines count from 0. */
  from: WholeNumber(Number.MAX_SAFE_INTEGER).default(0),
  /** Instead of `from` and `limit`: this many from the end. */
  tail: WholeNumber(1_000).optional(),
  limit: PageSize(200),
});
export type OutputLinesQuery = z.output<typeof OutputLinesQuery>;

/** A line of an output, without its newline. `text` is its beginning when it has more `bytes` than are shown. */
export const OutputLine = z.object({
  stream: z.enum(['stdout', 'stderr', 'notice']),
  text: z.string(),
  bytes: z.int(),
});
export type OutputLine = z.output<typeof OutputLine>;

/** The answer of `GET /tasks/:uuid/lines`. The number of a line never changes; the last one may grow. */
export const OutputLines = z.object({
  /** Null before the first one. */
  attempt: z.int().nullable(),
  from: z.int(),
  lines: z.array(OutputLine),
  /** Lines that were counted so far. */
  total: z.int(),
  /** False while there are more that were not counted yet: ask again. */
  is_counted: z.boolean(),
  /** Nothing will follow. */
  is_over: z.boolean(),
});
export type OutputLines = z.output<typeof OutputLines>;
