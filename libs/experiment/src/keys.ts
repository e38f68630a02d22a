import {
  parseNoticeEvents,
  parseRequeueOn,
  parseWarning,
  readEnvSetup,
  WARN_SIGNALS,
  type RequeueOn,
  type Warning,
} from '@mitosis/domain';
import { LIMITS, type NotifyInput, type SubmitTaskInput } from '@mitosis/protocol';
import { alternatives, NEED_SHAPES } from './need-keys.js';
import { parseResource } from './resource-text.js';
import { anyValue, atNode, bytes, command, duration, flag, listOf, mapOf, text, whole, type Shape } from './shapes.js';
import { wrongAt } from './source-tree.js';

/** A key of a file: what it takes, what it is for, and what of a submission it says. */
export interface Key<T = unknown> {
  readonly shape: Shape<T>;
  readonly description: string;
  /** Of one that says a part of a submission: the field, which is also what an error about it names. */
  readonly field?: keyof SubmitTaskInput;
  readonly put?: (value: T) => Partial<SubmitTaskInput>;
  /** True for tables that are joined, name by name, with those of the templates and the defaults. */
  readonly isJoined?: boolean;
  /** True for what the task needs of a machine: all such keys together make the field. */
  readonly isNeed?: boolean;
}

function key<T>(shape: Shape<T>, description: string, more: Omit<Key<T>, 'shape' | 'description'> = {}): Key {
  return { shape, description, ...more } as Key;
}

function option<T, F extends keyof SubmitTaskInput>(
  field: F,
  shape: Shape<T>,
  description: string,
  isJoined = false,
): Key {
  return key(shape, description, { field, put: (value) => ({ [field]: value }), isJoined });
}

const inputs: Shape<NonNullable<SubmitTaskInput['resources']>> = {
  schema: {
    type: 'object',
    additionalProperties: { type: 'string', pattern: '^(unpack:)?(attachment=|artifact=)' },
  },
  read(node, where) {
    const byPath = mapOf(text).read(node, where);
    return Object.entries(byPath).map(([path, source]) =>
      atNode(node, where, () => parseResource(`${source}:${path}`, `${where.path}.${path}`)),
    );
  },
};

const NOTIFY_KEYS = ['to', 'on'];
const notifyTable: Shape<NotifyInput> = {
  schema: {
    anyOf: [
      listOf(text).schema,
      {
        type: 'object',
        properties: { to: listOf(text).schema, on: listOf(text).schema },
        additionalProperties: false,
      },
    ],
  },
  read(node, where) {
    if (node.kind !== 'table') return { to: listOf(text).read(node, where), on: ['ended'] };
    for (const [key, { place }] of node.entries)
      if (!NOTIFY_KEYS.includes(key)) throw wrongAt(where.file, place, `${where.path}.${key}: ${unknownIn(key)}`);
    const list = (key: string): string[] | undefined => {
      const entry = node.entries.get(key);
      return entry && listOf(text).read(entry.value, { ...where, path: `${where.path}.${key}` });
    };
    const events = atNode(node, where, () => parseNoticeEvents(list('on') ?? ['ended'], `${where.path}.on`));
    return { to: list('to') ?? ['me'], ...events };
  },
};

/** What is said of a key that "notify" does not have. */
function unknownIn(key: string): string {
  if (Object.hasOwn(OPTION_KEYS, key)) return 'this key does not stand here; it belongs beside "notify"';
  return 'there is no such key; the keys of "notify" are to and on';
}

const timeLimit: Shape<number | null> = {
  schema: { anyOf: [{ const: 'none' }, duration().schema] },
  read: (node, where) => (node.kind === 'scalar' && node.text === 'none' ? null : duration().read(node, where)),
};

const environment: Shape<string> = {
  schema: { type: 'string', pattern: '^(uv|npm|(venv|conda)(:.+)?|command:.+)$' },
  read(node, where) {
    const given = text.read(node, where);
    const found = readEnvSetup(given);
    if ('objection' in found) throw wrongAt(where.file, node.place, `${where.path}: ${found.objection}`);
    return given;
  },
};

const warning: Shape<Warning> = {
  schema: {
    type: 'string',
    pattern: `^(\\d+(\\.\\d+)?[a-zA-Z]+)+(:(SIG)?(${WARN_SIGNALS.map((name) => name.slice(3)).join('|')}))?$`,
    examples: ['5m', '5m:USR2'],
  },
  read: (node, where) => atNode(node, where, () => parseWarning(text.read(node, where), where.path)),
};

const requeueCause: Shape<RequeueOn> = {
  schema: { anyOf: [{ enum: ['timeout', 'lost'] }, { type: 'integer', minimum: 1, maximum: 255 }] },
  read: (node, where) => atNode(node, where, () => parseRequeueOn(anyValue.read(node, where), where.path)),
};

const needKey = (name: string, description: string): Key =>
  key(NEED_SHAPES[name] as Shape<unknown>, description, { isNeed: true });

/**
 * Options of a task that stand in [defaults], [templates.NAME],
 * [tasks.NAME] and [jobs.NAME]. A new one is one line here.
 */
export const OPTION_KEYS: Readonly<Record<string, Key>> = {
  run: option('args', command, 'a line for the shell, or a list of the program and its arguments'),
  env: option('env', mapOf(anyValue), 'variables of the task', true),
  env_file: key(listOf(text), 'files of NAME=VALUE lines, relative to this file; "env" wins'),
  workdir: key(text, 'folder of code to start in, relative to this file; what git sees of it is sent along'),
  env_setup: option(
    'env_setup',
    environment,
    'environment that a worker builds once from files of "workdir": uv, venv:FILE, conda:FILE, npm or command:FILE',
  ),
  cwd: option('cwd', text, 'folder to start in, below its scratch folder'),
  stdin: key(text, 'file that it reads from its standard input, relative to this file'),
  tags: option('tags', listOf(text), 'tags that a worker must have'),
  labels: option('labels', listOf(text), 'labels to find the task by'),
  timeout: option('timeout_ms', timeLimit, 'time limit, such as "90s" or "2h"; "none" for no limit'),
  priority: option('priority', whole(-LIMITS.priority, LIMITS.priority), 'higher first'),
  cpus: needKey('cpus', 'cores'),
  mem: needKey('mem', 'memory with a unit'),
  gpus: needKey('gpus', 'GPUs: a number, a number and a model, or a part of one'),
  gpu_mem: needKey('gpu_mem', 'free memory of each GPU'),
  disk: needKey('disk', 'free space in the folder of the worker'),
  need: needKey('need', 'NAME=COUNT of what workers offer by name'),
  whole_machine: needKey('whole_machine', 'nothing else may run on the machine meanwhile'),
  or: key(alternatives, 'other needs that are as good, a table each', { isNeed: true }),
  retries: option('retries', whole(0, LIMITS.retries), 'tries after a failure'),
  retry_delay: option('retry_delay_ms', duration({ isZeroAllowed: true }), 'time before the first retry'),
  retry_exit_codes: option('retry_exit_codes', listOf(whole(1, 255)), 'only these exit codes are tried again'),
  warn_before: key(warning, 'time before its limit at which it is warned, and a signal: "5m", "5m:USR2"', {
    field: 'warn_before_ms',
    put: (value) => value as Warning,
  }),
  checkpoint_every: option('checkpoint_every_ms', duration(), 'how often its checkpoint folder is stored: "15m"'),
  requeue_on: option('requeue_on', listOf(requeueCause), '"timeout", "lost" or exit codes after which it is run again'),
  requeue_max: option('requeues_max', whole(1, LIMITS.requeues), 'how often it is run again because of that'),
  limit_keys: option('limits', mapOf(whole(1, 1_000_000)), 'by key, how many tasks of the group run at a time', true),
  notify: key(notifyTable, 'whom to tell of the job: "me", names of receivers, or a table of "to" and "on"'),
  terminal: option('terminal', flag, 'keep what it prints as the artifact std-log'),
  log_limit: option('log_limit_bytes', bytes, 'how much is kept of its output, such as "64MiB"'),
  inputs: option(
    'resources',
    inputs,
    'by path below MITO_RESOURCE_DIR: attachment=KEY or artifact=UUID:KIND, "unpack:" before it to unpack it there',
    true,
  ),
};

/** The field of a submission and the key that says it. */
export const KEY_OF_FIELD: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...OPTION_KEYS, name: { field: 'name' } }).flatMap(([name, { field }]) =>
    field === undefined ? [] : [[field, name] as const],
  ),
);
