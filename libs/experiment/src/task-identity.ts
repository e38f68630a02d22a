import { createHash } from 'node:crypto';
import type { SubmitTaskInput } from '@mitosis/protocol';

/**
 * What of a submission is what is run. How and when it runs
 * (time limit, tags, labels, priority) makes it no other task.
 */
const RUN_FIELDS = ['args', 'env', 'cwd', 'stdin_base64', 'resources', 'wasm', 'env_setup'] as const;

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, canonical(item)]);
}

const hashOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(value)))
    .digest('hex');

/** Which task of its job it is: its parameters as text, whatever their order. */
export function identityOf({ params = {}, array_index: index }: SubmitTaskInput): string {
  const named = Object.entries(params).map(([name, value]) => [name, String(value)]);
  return hashOf(Object.fromEntries([...named, ...(index === undefined ? [] : [['index', String(index)]])]));
}

/** A hash of what is run; `inputs` are the hashes of its attachments by key. */
export function runHashOf(task: SubmitTaskInput, inputs: ReadonlyMap<string, string> = new Map()): string {
  const contents = (task.resources ?? []).flatMap((resource) =>
    resource.from === 'attachment' ? [[resource.key, inputs.get(resource.key) ?? null]] : [],
  );
  const fields = Object.fromEntries(RUN_FIELDS.map((field) => [field, task[field]]));
  // Where the code was taken from makes no difference, what is in it does.
  return hashOf({ ...fields, contents, code: task.code?.sha256 });
}
