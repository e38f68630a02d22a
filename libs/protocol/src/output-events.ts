import { z } from 'zod';
import { TaskSummary } from './tasks.js';

/**
 * Server-sent events of `GET /tasks/:uuid/output`. The id of an `output` event is
 * `<attempt>:<offset after it>`; a reader that sends it back as `Last-Event-ID` goes on there.
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
