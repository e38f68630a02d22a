import { NAME_PATTERN, TAG_PATTERN, TAGS_MAX, normalizeTags } from '@mitosis/domain';
import { z } from 'zod';

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
  priority: 1000,
  /** 30 days. */
  timeoutMs: 30 * 24 * 3_600_000,
  retries: 100,
} as const;

export const Name = z.string().regex(NAME_PATTERN, 'use 1 to 255 letters, digits, "-" or "_"');

const Tag = z.string().regex(TAG_PATTERN, 'use 1 to 64 letters, digits, "-", "_" or ".", a letter or digit first');

/** Tags as they are stored: sorted, without duplicates. */
export const Tags = z.array(Tag).max(TAGS_MAX).transform(normalizeTags);

export const Label = z.string().min(1).max(255).regex(/^[^\p{Cc}]*$/u, 'must not have control characters');

export const Labels = z
  .array(Label)
  .max(LIMITS.labels)
  .transform((labels) => [...new Set(labels)]);

/** A list in a query string: `a,b,c`. */
export const CommaSeparated = <T>(item: z.ZodType<T, string>) =>
  z.string().transform((value) => value.split(',').filter(Boolean)).pipe(z.array(item).max(64));

export const Uuid = z.uuid();

export const Timestamp = z.iso.datetime({ offset: true });

const hasNoNul = (value: string): boolean => !value.includes('\0');

/** A string that can be an argument or an environment value of a process. */
export const ProcessString = z
  .string()
  .refine(hasNoNul, 'must not have a NUL character')
  .refine((value) => Buffer.byteLength(value) <= LIMITS.argBytes, `must not be longer than ${LIMITS.argBytes} bytes`);

export const EnvName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use letters, digits and "_", not a digit first');

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'use 64 lower case hexadecimal digits');
