import { z } from 'zod';
import { CommaSeparated, GivenText, PageSize, WholeNumber } from './conditions.js';
import { Timestamp, Uuid } from './fields.js';
import { TaskFilters } from './tasks.js';

const STREAMS = ['stdout', 'stderr', 'notice'] as const;

const Flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');

/** The query string of `GET /tasks/grep`: the filters of `GET /tasks`, and what to search for in their output. */
export const OutputSearch = TaskFilters.extend({
  /** What a line has to contain. */
  pattern: GivenText(1000),
  /** `re2`: a regular expression as RE2 reads it; `text`: exactly this text. */
  syntax: z.enum(['re2', 'text']).default('re2'),
  ignore_case: Flag,
  /** Only lines of these; all when left out. */
  stream: CommaSeparated(z.enum(STREAMS)).optional(),
  /** `all`: the output of earlier attempts, too. */
  attempts: z.enum(['last', 'all']).default('last'),
  /** The most matches of each attempt. */
  per_attempt: WholeNumber(1_000_000)
    .refine((count) => count > 0, 'use a number from 1')
    .optional(),
  limit: PageSize(100),
  /** `next` of the response before. */
  after: z
    .string()
    .regex(/^\d{1,18}(\.\d{1,15}){6}$/, 'use the "next" of the response before')
    .optional(),
});
export type OutputSearch = z.output<typeof OutputSearch>;

/** A line that matches. */
export const OutputMatch = z.object({
  task: Uuid,
  name: z.string(),
  job: Uuid.nullable(),
  job_index: z.int().nullable(),
  attempt: z.int(),
  /** Of the worker that runs or ran the attempt. */
  host: z.string().nullable(),
  /** When the attempt began; lines carry no time of their own. */
  started_at: Timestamp,
  stream: z.enum(STREAMS),
  /** Lines count from 0, as in `GET /tasks/:uuid/lines`. */
  line: z.int(),
  /** The line without escape sequences; of a long one what surrounds the match. */
  text: z.string(),
  /** Where the match is in `text`, in UTF-16 code units. */
  at: z.int(),
  length: z.int(),
  /** `text` is not the whole line. */
  is_cut: z.boolean(),
});
export type OutputMatch = z.output<typeof OutputMatch>;

/** The response of `GET /tasks/grep`. One request searches for about two seconds; `next` continues where it stopped. */
export const OutputMatches = z.object({
  /** Newest task first; the lines of an output in their order. */
  matches: z.array(OutputMatch),
  /** What `after` of the next request wants; null when everything was searched. */
  next: z.string().nullable(),
  /** What this request has searched: outputs that it came to the end of, and bytes. */
  searched: z.object({ outputs: z.int(), bytes: z.int() }),
  /** Outputs that could not be read, or not to their end. */
  unread: z.array(z.object({ task: Uuid, attempt: z.int(), why: z.string() })),
});
export type OutputMatches = z.output<typeof OutputMatches>;
