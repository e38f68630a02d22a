import { type TaskState, isAllowed } from '@mitosis/domain';
import type { TaskFilters } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';

/** Conditions on tasks, as SQL with parameters. */
class Conditions {
  readonly values: unknown[] = [];
  private readonly parts: string[] = [];

  /** `condition` gets the name of the parameter; nothing is added for undefined. */
  add(condition: (parameter: string) => string, value: unknown): void {
    if (value !== undefined) this.parts.push(condition(this.parameter(value)));
  }

  parameter(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  raw(condition: string): void {
    this.parts.push(condition);
  }

  get where(): string {
    return this.parts.length > 0 ? `WHERE ${this.parts.join(' AND ')}` : '';
  }
}

type SelectAction = 'task.read' | 'task.cancel';

/** Which tasks: `sql` answers `id` and `seq`, newest first, at most `limit`. */
export interface TaskSelection {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export interface SelectionOptions {
  /** Only below this `seq`. */
  readonly after?: string | undefined;
  /** Undefined: all of them. */
  readonly limit?: number | undefined;
  /** Passes over so many of them first; needs a limit. */
  readonly offset?: number | undefined;
  /** A further condition on `t`. */
  readonly only?: string;
  /** What the caller must be allowed to do with them; to read them unless told. */
  readonly action?: SelectAction;
}

/** The words of a search text, as a tsquery: all of them, the beginning of a word is enough. */
function toTsQuery(text: string): string {
  return text.split(/[^\p{L}\p{N}]+/u).filter(Boolean).map((word) => `${word}:*`).join(' & ');
}

/** What lies in the table for searching, whose rows do not change. */
function addSearchConditions(conditions: Conditions, filters: TaskFilters): boolean {
  const before = conditions.values.length;
  conditions.add((p) => `s.creator_id = (SELECT id FROM users WHERE username = ${p})`, filters.creator);
  conditions.add((p) => `s.job_id = ${p}`, filters.job);
  conditions.add((p) => `s.name = ${p}`, filters.name);
  conditions.add((p) => `s.labels @> ${p}::text[]`, filters.labels?.length === 0 ? undefined : filters.labels);
  conditions.add((p) => `s.created_at >= ${p}`, filters.created_after);
  conditions.add((p) => `s.created_at < ${p}`, filters.created_before);
  const words = filters.text === undefined ? '' : toTsQuery(filters.text);
  conditions.add((p) => `s.words @@ to_tsquery('simple', ${p})`, words === '' ? undefined : words);
  return conditions.values.length > before;
}

/** Conditions that an index of their own may serve best: then the order is not forced. Answers whether there are any. */
function addOutcomeConditions(conditions: Conditions, filters: TaskFilters): boolean {
  const before = conditions.values.length;
  const { exit_code: exitCode, worker } = filters;
  if (exitCode) conditions.add((p) => `t.exit_code ${exitCode.operator.replace('!=', '<>')} ${p}::int`, exitCode.value);
  conditions.add((p) => `EXISTS (SELECT 1 FROM attempts w WHERE w.task_id = t.id AND w.number = t.attempt AND w.worker_id = ${p})`, worker);
  conditions.add((p) => `t.finished_at >= ${p}`, filters.finished_after);
  conditions.add((p) => `t.finished_at < ${p}`, filters.finished_before);
  conditions.add((p) => `t.upstream_id = ${p}`, filters.upstream);
  return conditions.values.length > before;
}

function addPlainConditions(conditions: Conditions, filters: TaskFilters, options: SelectionOptions): void {
  const { priority, tags } = filters;
  if (priority) conditions.add((p) => `t.priority ${priority.operator.replace('!=', '<>')} ${p}::int`, priority.value);
  conditions.add((p) => `t.tags @> ${p}::text[]`, tags?.length === 0 ? undefined : tags);
  conditions.add((p) => `t.seq < ${p}`, options.after);
  if (options.only !== undefined) conditions.raw(options.only);
}

/** The actor's groups in which `action` is allowed on a task of `creatorId`. */
function groupsWith(actor: UserActor, action: SelectAction, creatorId: string | undefined): string[] {
  return [...actor.roles.keys()].filter((groupId) => isAllowed(actor, { action, groupId, creatorId: creatorId ?? '' }));
}

/** Where only one's own tasks may be cancelled, those of others do not count. */
function addOwnership(conditions: Conditions, actor: UserActor, action: SelectAction): void {
  if (action !== 'task.cancel' || actor.isAdmin) return;
  const everybodys = conditions.parameter(groupsWith(actor, action, undefined));
  conditions.add((p) => `(t.group_id = ANY (${everybodys}::uuid[]) OR t.creator_id = ${p})`, actor.userId);
}

/** The groups whose tasks count, as a query for their ids; undefined when all do. */
function groupsOf(actor: UserActor, filters: TaskFilters, conditions: Conditions, action: SelectAction): string | undefined {
  const parts: string[] = [];
  if (!actor.isAdmin) {
    const visible = groupsWith(actor, action, actor.userId);
    parts.push(`id = ANY (${conditions.parameter(visible)}::uuid[])`);
  }
  if (filters.group !== undefined) parts.push(`name = ${conditions.parameter(filters.group)}`);
  return parts.length > 0 ? `SELECT id FROM groups WHERE ${parts.join(' AND ')}` : undefined;
}

const ORDER = 'ORDER BY seq DESC';

/**
 * The tasks that `actor` may see and the filters find. Without a condition that narrows it down by
 * itself, each group and state is read in the order of its index and only the heads are merged: a page
 * costs the same however many tasks there are.
 */
export function selectTasks(actor: UserActor, filters: TaskFilters, options: SelectionOptions = {}): TaskSelection {
  const conditions = new Conditions();
  const { limit: most, offset = 0 } = options;
  const limit = most === undefined ? '' : `LIMIT ${most} OFFSET ${offset}`;
  const groups = groupsOf(actor, filters, conditions, options.action ?? 'task.read');
  const states = filters.state as readonly TaskState[] | undefined;
  const isSearch = addSearchConditions(conditions, filters);
  const isOutcome = addOutcomeConditions(conditions, filters);
  addOwnership(conditions, actor, options.action ?? 'task.read');
  addPlainConditions(conditions, filters, options);
  if (limit === '' || isSearch || isOutcome || (groups === undefined && !states?.length)) {
    if (groups !== undefined) conditions.raw(`t.group_id IN (${groups})`);
    conditions.add((p) => `t.state = ANY (${p})`, states?.length ? states : undefined);
    const [from, seq] = isSearch ? ['task_search s JOIN tasks t ON t.id = s.task_id', 's.seq'] : ['tasks t', 't.seq'];
    return { sql: `SELECT t.id, ${seq} AS seq FROM ${from} ${conditions.where} ${limit && `${ORDER} ${limit}`}`, values: conditions.values };
  }
  conditions.raw('t.group_id = g.id');
  if (states?.length) conditions.raw('t.state = e.state');
  const eachState = states?.length ? `CROSS JOIN unnest(${conditions.parameter(states)}::text[]) AS e(state)` : '';
  const heads = `SELECT t.id, t.seq FROM tasks t ${conditions.where} ORDER BY t.seq DESC LIMIT ${(most ?? 0) + offset}`;
  const sql = `SELECT x.id, x.seq FROM (${groups ?? 'SELECT id FROM groups'}) g ${eachState} CROSS JOIN LATERAL (${heads}) x ${ORDER} ${limit}`;
  return { sql, values: conditions.values };
}
