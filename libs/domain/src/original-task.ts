import type { DependencyCondition } from './dependencies.js';
import { durationMs } from './duration.js';
import { MitoError } from './errors.js';

/** Kinds of artifacts as the original Mitosis names them, in any case. */
const KINDS: Readonly<Record<string, string>> = {
  exec: 'exec-log',
  execlog: 'exec-log',
  std: 'std-log',
  stdlog: 'std-log',
  terminal: 'std-log',
};

/** The kind of artifact that was meant: names of the original are understood, anything else is lower case. */
export function meantArtifactKind(text: string): string {
  const kind = text.toLowerCase();
  return Object.hasOwn(KINDS, kind) ? (KINDS[kind] as string) : kind;
}

/** Steps of the original inside an attempt, each with the nearest condition that there is here. */
const NEAREST: Readonly<Record<string, string>> = {
  FetchResourceFinished: 'started, which is true earlier: as soon as a worker has the task',
  Watch: 'started, which is true earlier: as soon as a worker has the task',
  WatchFinished: 'started, which is true earlier: as soon as a worker has the task',
  ExecPending: 'started, which is true earlier: as soon as a worker has the task',
  ExecSpawned: 'started, which is true earlier: as soon as a worker has the task',
  ExecFinished: 'completed (exit code 0), failed, or ended (any end)',
  UploadResult: 'completed (exit code 0), failed, or ended (any end)',
  UploadFinishedResult: 'completed (exit code 0), failed, or ended (any end)',
  UploadResultFinished: 'completed (exit code 0), failed, or ended (any end)',
  WorkerExited: 'none: a task whose worker is lost runs on another one',
};
const NEAREST_FAILURE = 'failed, which is true for every failure';

/** The condition that a state of the original's `watch` means; an objection where none means the same. */
export function watchedState(state: string): DependencyCondition | { readonly objection: string } | undefined {
  if (state === 'FetchResource') return 'started';
  if (state === 'TaskCommitted') return 'ended';
  const isFailure = /^(?:FetchResource(?:Error|Timeout|NotFound|Forbidden)|(?:Watch|Exec|UploadResult)Timeout)$/;
  const step = Object.hasOwn(NEAREST, state) ? NEAREST[state] : undefined;
  const nearest = isFailure.test(state) || state === 'UploadCancelledResult' ? NEAREST_FAILURE : step;
  return nearest === undefined
    ? undefined
    : { objection: `"${state}" of the original Mitosis has no equal here; the nearest is ${nearest}` };
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const FIELDS = ['group_name', 'tags', 'labels', 'timeout', 'priority', 'task_spec'];
const SPEC_FIELDS = ['args', 'envs', 'resources', 'terminal_output', 'watch'];

function refuse(field: string, message: string): never {
  throw new MitoError('invalid', 'invalid_request', `${field}: ${message}`, { details: { field } });
}

function assertKnown(value: Fields, known: readonly string[], place: string): void {
  const wrong = Object.keys(value).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const why = 'a task in the form of the original Mitosis has no such field; it has';
  refuse(`${place}${wrong}`, `${why} ${known.join(', ')}`);
}

function timeoutOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === 'string' ? durationMs(value) : undefined;
  if (ms !== undefined && ms > 0) return ms;
  return refuse('timeout', `${JSON.stringify(value)} is not a duration such as "10m" or "1h 30m"`);
}

function resourceOf(value: unknown, index: number): object {
  const place = `task_spec.resources.${index}`;
  if (!isObject(value)) return refuse(place, 'write an object with remote_file and local_path');
  assertKnown(value, ['remote_file', 'local_path'], `${place}.`);
  const { remote_file: file, local_path: path } = value;
  const kinds = isObject(file) ? Object.keys(file) : [];
  const inner = isObject(file) ? file[kinds[0] ?? ''] : undefined;
  if (kinds.length !== 1 || !isObject(inner)) return refuse(`${place}.remote_file`, 'write Artifact or Attachment');
  if (kinds[0] === 'Attachment') {
    assertKnown(inner, ['key'], `${place}.remote_file.Attachment.`);
    return { from: 'attachment', key: inner.key, path };
  }
  if (kinds[0] !== 'Artifact') return refuse(`${place}.remote_file.${kinds[0]}`, 'write Artifact or Attachment');
  assertKnown(inner, ['uuid', 'content_type'], `${place}.remote_file.Artifact.`);
  const kind = inner.content_type;
  return { from: 'artifact', task: inner.uuid, kind: typeof kind === 'string' ? meantArtifactKind(kind) : kind, path };
}

function afterOf(watch: unknown): object[] {
  if (watch === undefined || watch === null) return [];
  const [task, state, ...rest] = Array.isArray(watch) ? (watch as unknown[]) : [];
  if (typeof task !== 'string' || typeof state !== 'string' || rest.length > 0)
    return refuse('task_spec.watch', 'write [UUID, STATE]');
  const when = watchedState(state);
  if (when === undefined) return refuse('task_spec.watch', `"${state}" is not a state of the original Mitosis`);
  if (typeof when === 'object') return refuse('task_spec.watch', when.objection);
  return [{ task, when }];
}

/** Whether it is a task as the API of the original Mitosis takes it. */
const isOriginal = (value: unknown): value is Fields =>
  isObject(value) && ('task_spec' in value || 'group_name' in value);

/**
 * A task in the form of the original Mitosis (`group_name`, `task_spec`) as a submission of ours, not checked any
 * further; anything else as it is. Throws `invalid_request`, naming the field, where a meaning can't be kept.
 */
export function fromOriginalTask(value: unknown): unknown {
  if (!isOriginal(value)) return value;
  assertKnown(value, FIELDS, '');
  const { group_name: group, tags, labels, timeout, priority, task_spec: spec } = value;
  if (!isObject(spec)) return refuse('task_spec', 'is missing: it has the command of the task, args');
  assertKnown(spec, SPEC_FIELDS, 'task_spec.');
  const { args, envs: env, resources, terminal_output: terminal, watch } = spec;
  if (resources !== undefined && !Array.isArray(resources)) return refuse('task_spec.resources', 'write a list');
  const given = {
    group,
    tags,
    labels,
    priority,
    timeout_ms: timeoutOf(timeout),
    args,
    env,
    terminal,
    resources: (resources as unknown[] | undefined)?.map(resourceOf),
    after: afterOf(watch),
  };
  return Object.fromEntries(Object.entries(given).filter(([, field]) => field !== undefined));
}
