import { z } from 'zod';
import {
  isExact,
  isStorableText,
  MitoError,
  NAME_PATTERN,
  normalizeTags,
  PARAM_PATTERN,
  parseRequirements,
  plainWords,
  TAG_PATTERN,
  TAGS_MAX,
} from '@mitosis/domain';

// For every schema of the process: what people read shall not be in the words of the validator.
z.config({ customError: plainWords });

/** Bounds of a submission; beyond them the answer is 400 `invalid_request` naming the field. */
export const LIMITS = {
  /** Linux refuses one longer argument (MAX_ARG_STRLEN, execve(2)). */
  argBytes: 131_071,
  /** All arguments and environment values of a task together. */
  specBytes: 262_144,
  args: 4096,
  envEntries: 512,
  labels: 32,
  batchTasks: 1000,
  /** What a task reads from its standard input. */
  stdinBytes: 262_144,
  params: 64,
  /** Output that is kept of one attempt. */
  logBytesMin: 1024,
  logBytesMax: 107_374_182_400,
  /** Things that one task waits for. */
  after: 1000,
  /** Rows and bytes of `metrics.jsonl` that are kept beside the task. */
  metricsRows: 1000,
  metricsBytes: 65_536,
  /** Tasks that a running task may submit through `$MITO_NEW_TASK`. */
  newTasks: 1000,
  newTaskBytes: 4_194_304,
  priority: 1000,
  /** Results of a query that may be skipped by number. */
  offset: 1_000_000,
  /** 30 days. */
  timeoutMs: 30 * 24 * 3_600_000,
  retries: 100,
  retryDelayMs: 3_600_000,
  requeues: 10_000,
  /** Ten years of 366 days. */
  startInMs: 3660 * 24 * 3_600_000,
  /** Keys that one task is limited by. */
  limitKeys: 8,
} as const;

export const Name = z.string().regex(NAME_PATTERN, 'use 1 to 255 letters, digits, "-" or "_"');

const Tag = z.string().regex(TAG_PATTERN, 'use 1 to 64 letters, digits, "-", "_" or ".", a letter or digit first');

/** Tags as they are stored: sorted, without duplicates. */
export const Tags = z.array(Tag).max(TAGS_MAX).transform(normalizeTags);

/** What a task asks of the tags of a worker: tags, or expressions of them such as `gpu & !old` and `a100 | h100`. */
export const TaskTags = z
  .array(z.string().max(1_040))
  .max(TAGS_MAX)
  .transform((entries, context) => {
    try {
      return parseRequirements(entries);
    } catch (error) {
      if (!(error instanceof MitoError)) throw error;
      const [, index, message = ''] = /^tags(?:\.(\d+))?: (.*)$/s.exec(error.message) ?? [];
      context.addIssue({ code: 'custom', message, path: index === undefined ? [] : [Number(index)] });
      return z.NEVER;
    }
  });

/** By key, how many tasks of a group may run at a time. */
export const LimitKeys = z
  .record(Tag, z.int().min(1).max(1_000_000))
  .refine(
    (limits) => Object.keys(limits).length <= LIMITS.limitKeys,
    `must not have more than ${LIMITS.limitKeys} keys`,
  );

/** No control characters. Without flags, as the description of the API has no place for them. */
// oxlint-disable-next-line no-control-regex -- they are what it is about
const PLAIN_TEXT = /^[^\u0000-\u001f\u007f-\u009f]*$/;

/** Why text with a NUL or half of a surrogate pair is refused: neither PostgreSQL nor a process can have it. */
export const UNSTORABLE = 'must not have a NUL character or half of a surrogate pair';

/** Text for people in one line; it may be empty. */
export const PlainLine = (max: number) =>
  z.string().max(max).regex(PLAIN_TEXT, 'must not have control characters').refine(isStorableText, UNSTORABLE);

/** A name, a reason: one line that is not empty. */
export const PlainText = (max: number) => PlainLine(max).min(1);

export const Label = PlainText(255);

/** A label with a comma could not be searched for: there it separates labels. */
export const Labels = z
  .array(Label.refine((label) => !label.includes(','), 'must not have a comma'))
  .max(LIMITS.labels)
  .transform((labels) => [...new Set(labels)]);

export const Uuid = z.uuid();

/** The number of an attempt, from 1; the column has 32 bits. */
export const AttemptNumber = z.int32().min(1);

export const Timestamp = z.iso.datetime({ offset: true });

/** A string that can be an argument or an environment value of a process. */
export const ProcessString = z
  .string()
  .refine(isStorableText, UNSTORABLE)
  .refine((value) => Buffer.byteLength(value) <= LIMITS.argBytes, `must not be longer than ${LIMITS.argBytes} bytes`);

export const EnvName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use letters, digits and "_", not a digit first');

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'use 64 lower case hexadecimal digits');

/** A working folder below the exec folder of a task. */
export const RelativeFolder = ProcessString.refine(
  (value) => value !== '' && !value.startsWith('/') && !value.split('/').includes('..'),
  'use a relative path without ".."',
);

const ParamValue = z.union([
  z.string().max(4096).refine(isStorableText, UNSTORABLE),
  z.number().refine(isExact, 'is beyond 2^53, where JSON loses digits: send it as a string'),
  z.boolean(),
]);

/** Parameters of a sweep, as they are submitted. */
export const ParamValues = z
  .record(z.string().regex(PARAM_PATTERN, 'use letters, digits and "_", not a digit first'), ParamValue)
  .refine(
    (params) => Object.keys(params).length <= LIMITS.params,
    `must not have more than ${LIMITS.params} parameters`,
  )
  .refine(
    (params) => new Set(Object.keys(params).map((name) => name.toUpperCase())).size === Object.keys(params).length,
    'must not have two names that differ only in case: both would be the same MITO_PARAM_ variable',
  );

/** Parameters of a sweep, as they are shown. */
export const StoredParams = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
