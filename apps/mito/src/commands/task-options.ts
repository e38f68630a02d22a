import { invalidField, parseDuration } from '@mitosis/domain';
import type { SubmitTaskInput } from '@mitosis/protocol';

/** The options of a submission, as they were typed. */
export interface TaskOptions {
  readonly argv: readonly string[];
  readonly group?: string | undefined;
  readonly name?: string | undefined;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly env: readonly string[];
  readonly timeout: string;
  readonly priority: string;
  readonly retries?: string | undefined;
  readonly terminal: boolean;
}

/** `-t a,b -t c` is `a`, `b` and `c`. */
export function splitList(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).filter(Boolean);
}

function parseEnv(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw invalidField('--env', `"${pair}" is not of the form NAME=VALUE`);
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return Object.fromEntries(entries);
}

export function parseInteger(text: string, field: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text)) throw invalidField(field, `"${text}" is not a whole number`);
  return Number(text);
}

/** The body of the submission that the options describe. */
export function toSubmission(options: TaskOptions): SubmitTaskInput {
  if (options.argv.length === 0) throw invalidField('command', 'write it after "--", for example: -- echo hello');
  return {
    args: [...options.argv],
    env: parseEnv(options.env),
    tags: splitList(options.tags),
    labels: splitList(options.labels),
    timeout_ms: parseDuration(options.timeout, '--timeout'),
    priority: parseInteger(options.priority, '--priority'),
    terminal: options.terminal,
    ...(options.group !== undefined && { group: options.group }),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.retries !== undefined && { retries: parseInteger(options.retries, '--retries') }),
  };
}
