import type { MitosisClient } from '@mitosis/client';
import { cutText, MitoError } from '@mitosis/domain';
import type { TaskDetail } from '@mitosis/protocol';
import { readCode, type CodeItem } from './read-code.js';

/** One thing that differs; null where a task has nothing of the kind. */
export interface Difference {
  readonly field: string;
  readonly first: string | null;
  readonly second: string | null;
}

export interface Differences {
  readonly first: string;
  readonly second: string;
  readonly differences: readonly Difference[];
}

/** What says how a task is run; its name, its labels and how it went do not. */
const FIELDS = ['cwd', 'tags', 'resources', 'params', 'wasm', 'pty', 'terminal', 'limits', 'timeout_ms'] as const;
const MORE_FIELDS = [
  'retries',
  'retry_delay_ms',
  'retry_exit_codes',
  'requeue_on',
  'requeues_max',
  'warn_before_ms',
  'checkpoint_every_ms',
  'priority',
  'group',
  'log_limit_bytes',
] as const;

type Facts = ReadonlyMap<string, string>;

function factsOf(task: TaskDetail, code: readonly CodeItem[]): Facts {
  const plain = [...FIELDS, ...MORE_FIELDS].map((field) => [field, task[field]] as const);
  const shown = plain.filter(([, value]) => value !== null && value !== undefined);
  const { commit, branch, is_dirty: isDirty } = task.code ?? {};
  return new Map([
    ['command', task.args.map((arg) => JSON.stringify(arg)).join(' ')],
    ...Object.entries(task.env).map(([name, value]): [string, string] => [`env ${name}`, value]),
    ...(commit
      ? [['commit', `${commit}${isDirty ? ' and changes' : ''}${branch ? ` (${branch})` : ''}`] as const]
      : []),
    ...code.map((item): [string, string] => [`file ${item.path}`, textOf(item)]),
    ...shown.map(([field, value]): [string, string] => [field, JSON.stringify(value)]),
  ]);
}

function textOf({ size_bytes: size, sha256, is_executable: isExecutable }: CodeItem): string {
  return (
    `${size} bytes, ` +
    `${sha256.startsWith('link') ? sha256 : cutText(sha256, 12)}${isExecutable ? ', executable' : ''}`
  );
}

async function filesOf(api: MitosisClient, task: TaskDetail): Promise<readonly CodeItem[]> {
  if (!task.code) return [];
  try {
    return (await readCode(api, task.uuid)).list;
  } catch (error) {
    if (error instanceof MitoError && error.code === 'code_not_found') return [];
    throw error;
  }
}

/** How two tasks differ, as far as that says how they run. */
export async function compareTasks(api: MitosisClient, first: string, second: string): Promise<Differences> {
  const tasks = [await api.getTask(first), await api.getTask(second)] as const;
  const isSameCode = tasks[0].code?.sha256 === tasks[1].code?.sha256;
  const [a, b] = await Promise.all(
    tasks.map(async (task) => factsOf(task, isSameCode ? [] : await filesOf(api, task))),
  );
  const fields = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])];
  const differences = fields
    .map((field) => ({ field, first: a?.get(field) ?? null, second: b?.get(field) ?? null }))
    .filter((difference) => difference.first !== difference.second);
  return { first: tasks[0].uuid, second: tasks[1].uuid, differences };
}

/** A block for each difference, as diff(1) shows them. */
export function describeDifferences({ differences }: Differences): string {
  if (differences.length === 0) return 'they do not differ in how they run';
  return differences
    .flatMap(({ field, first, second }) => [
      field,
      ...(first === null ? [] : [`  - ${first}`]),
      ...(second === null ? [] : [`  + ${second}`]),
    ])
    .join('\n');
}
