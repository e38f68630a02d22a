import { IdempotencyKey } from '@mitosis/database';
import { MitoError, isAllowed, queueName } from '@mitosis/domain';
import type { SubmitTask, TaskReceipt } from '@mitosis/protocol';
import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { UserActor } from '../auth/authenticator.js';

export interface SubmitTasksDeps {
  readonly dataSource: DataSource;
  /** Called after the commit with the queues that got work. */
  onReady(queues: ReadonlySet<string>): void;
  /** Called after the commit with the groups that got a queue they never had. */
  onNewQueues(groupIds: readonly string[]): void;
}

export type SubmitTasks = (actor: UserActor, tasks: readonly SubmitTask[], idempotencyKey?: string) => Promise<TaskReceipt[]>;

interface GroupRef {
  readonly id: string;
  readonly name: string;
}

/** The group must exist and the caller must have `write` in it: otherwise it does not exist for them. */
async function groupFor(tx: EntityManager, actor: UserActor, name: string): Promise<GroupRef> {
  const [group] = (await tx.query('SELECT id, name FROM groups WHERE name = $1', [name])) as GroupRef[];
  if (!group || !actor.roles.has(group.id)) {
    throw new MitoError('not-found', 'group_not_found', `there is no group "${name}" that you are a member of`, {
      details: { field: 'group' },
    });
  }
  if (!isAllowed(actor, { action: 'task.submit', groupId: group.id })) {
    throw new MitoError('forbidden', 'role_required', `submitting to the group "${name}" needs the role write in it`, {
      details: { field: 'group' },
    });
  }
  return group;
}

/** The beginning of the command, for people: at most 80 characters, control characters shown as spaces. */
function nameOf({ name, args }: SubmitTask): string {
  const text = name ?? args.join(' ').replace(/\p{Cc}+/gu, ' ');
  return text.length > 80 && name === undefined ? `${text.slice(0, 79)}…` : text;
}

function toRow(task: SubmitTask, group: GroupRef, actor: UserActor) {
  return {
    id: uuidv7(),
    group_id: group.id,
    creator_id: actor.userId,
    queue: queueName(group.name, task.tags),
    name: nameOf(task),
    spec: { args: task.args, env: task.env, terminal: task.terminal, resources: task.resources },
    tags: task.tags,
    labels: task.labels,
    priority: task.priority,
    timeout_ms: task.timeout_ms,
    retries: task.retries,
    retry_delay_ms: task.retry_delay_ms,
    retry_exit_codes: task.retry_exit_codes,
  };
}

type TaskRow = ReturnType<typeof toRow>;

/** Answers the groups for which a queue was new. */
async function ensureQueues(tx: EntityManager, rows: readonly TaskRow[]): Promise<string[]> {
  const queues = new Map(rows.map(({ queue, group_id, tags }) => [queue, { name: queue, group_id, tags }]));
  const created = (await tx.query(
    `INSERT INTO queues (name, group_id, tags)
     SELECT name, group_id, tags FROM jsonb_to_recordset($1::jsonb) AS q(name text, group_id uuid, tags text[])
     ORDER BY name
     ON CONFLICT (name) DO NOTHING RETURNING group_id`,
    [JSON.stringify([...queues.values()])],
  )) as { group_id: string }[];
  return created.map(({ group_id }) => group_id);
}

async function insertTasks(tx: EntityManager, rows: readonly TaskRow[]): Promise<void> {
  await tx.query(
    `INSERT INTO tasks (id, group_id, creator_id, queue, name, state, spec, tags, labels, priority,
                        timeout_ms, retries, retry_delay_ms, retry_exit_codes)
     SELECT id, group_id, creator_id, queue, name, 'ready', spec, tags, labels, priority,
            timeout_ms, retries, retry_delay_ms, retry_exit_codes
     FROM jsonb_to_recordset($1::jsonb) AS t(
       id uuid, group_id uuid, creator_id uuid, queue text, name text, spec jsonb, tags text[], labels text[],
       priority int, timeout_ms bigint, retries int, retry_delay_ms int, retry_exit_codes int[])
     ORDER BY id`,
    [JSON.stringify(rows)],
  );
}

interface Accepted {
  readonly receipts: TaskReceipt[];
  readonly rows: readonly TaskRow[];
  readonly newQueueGroups: readonly string[];
}

async function accept(tx: EntityManager, actor: UserActor, tasks: readonly SubmitTask[]): Promise<Accepted> {
  const names = new Set(tasks.map(({ group }) => group ?? actor.username));
  const groups = new Map<string, GroupRef>();
  for (const name of names) groups.set(name, await groupFor(tx, actor, name));
  const rows = tasks.map((task) => toRow(task, groups.get(task.group ?? actor.username) as GroupRef, actor));
  const newQueueGroups = await ensureQueues(tx, rows);
  await insertTasks(tx, rows);
  return { receipts: rows.map(({ id }) => ({ uuid: id, state: 'ready' as const })), rows, newQueueGroups };
}

/**
 * Takes the key or, when it was used before, answers what was answered then. A second request with
 * the same key waits here until the first one has committed or rolled back.
 */
async function recall(tx: EntityManager, userId: string, key: string, hash: string): Promise<TaskReceipt[] | undefined> {
  const taken = (await tx.query(
    `INSERT INTO idempotency_keys (user_id, key, request_hash, answer) VALUES ($1, $2, $3, '[]')
     ON CONFLICT DO NOTHING RETURNING key`,
    [userId, key, hash],
  )) as unknown[];
  if (taken.length > 0) return undefined;
  const stored = await tx.getRepository(IdempotencyKey).findOneByOrFail({ userId, key });
  if (stored.requestHash !== hash) {
    throw new MitoError('conflict', 'idempotency_key_reused', `the idempotency key "${key}" was used for another request`);
  }
  return stored.answer as TaskReceipt[];
}

/**
 * Stores tasks, all of them or none. When it answers they are committed: from here on no task is
 * lost. With an idempotency key the same request may be sent any number of times.
 */
export function submitTasksWith({ dataSource, onReady, onNewQueues }: SubmitTasksDeps): SubmitTasks {
  return async (actor, tasks, idempotencyKey) => {
    const hash = createHash('sha256').update(JSON.stringify(tasks)).digest('hex');
    const outcome = await dataSource.transaction(async (tx): Promise<Accepted | TaskReceipt[]> => {
      const earlier = idempotencyKey && (await recall(tx, actor.userId, idempotencyKey, hash));
      if (earlier) return earlier;
      const accepted = await accept(tx, actor, tasks);
      if (idempotencyKey) {
        await tx.getRepository(IdempotencyKey).update({ userId: actor.userId, key: idempotencyKey }, { answer: accepted.receipts });
      }
      return accepted;
    });
    if (Array.isArray(outcome)) return outcome;
    if (outcome.newQueueGroups.length > 0) onNewQueues(outcome.newQueueGroups);
    onReady(new Set(outcome.rows.map(({ queue }) => queue)));
    return outcome.receipts;
  };
}
