import { isAllowed } from '@mitosis/domain';
import type { TaskFilters } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';

export type SelectAction = 'task.read' | 'task.cancel';

/** `tasks`, or `task_search`, which holds a copy of what does not change with the state. */
export type Table = 't' | 's';

/** Makes a value a parameter of a statement; returns its name. */
export type Bind = (value: unknown) => string;

interface Condition {
  /** Where it can be judged. */
  readonly on: readonly Table[];
  readonly sql: (bind: Bind, table: Table) => string;
}

const EITHER: readonly Table[] = ['t', 's'];

/**
 * No transaction that stores tasks lasts longer: by so much at
 * most the order of `created_at` differs from that of `seq`.
 */
const LONGEST_SUBMISSION = `interval '5 minutes'`;

const operatorOf = ({ operator }: { operator: string }): string => operator.replace('!=', '<>');

/** The actor's groups in which `action` is allowed on a task of `creatorId`. */
function groupsWith(actor: UserActor, action: SelectAction, creatorId = ''): string[] {
  return [...actor.roles.keys()].filter((groupId) => isAllowed(actor, { action, groupId, creatorId }));
}

/** What filters and the rights of a person ask of tasks, as SQL. */
export class TaskConditions {
  private readonly conditions: Condition[] = [];

  constructor(
    private readonly actor: UserActor,
    private readonly filters: TaskFilters,
    private readonly options: {
      readonly action?: SelectAction;
      readonly after?: string | undefined;
      readonly only?: string;
    },
  ) {
    this.addSubmitted(filters);
    this.addOutcome(filters);
    this.addTimes(filters);
    this.addOwnership();
    const { only } = options;
    if (only !== undefined) this.conditions.push({ on: ['t'], sql: () => only });
  }

  get hasStates(): boolean {
    return this.filters.state !== undefined;
  }

  /** Whether any group counts. */
  get isEveryGroup(): boolean {
    return this.actor.isAdmin && this.filters.group === undefined;
  }

  /** Whether `tasks` must be read, whatever `task_search` has. */
  get needsTasks(): boolean {
    return this.hasStates || this.conditions.some(({ on }) => !on.includes('s'));
  }

  get needsSearch(): boolean {
    return this.conditions.some(({ on }) => !on.includes('t'));
  }

  /** Whether `task_search` has anything to say. */
  get isSearch(): boolean {
    return this.conditions.some(({ on }) => on.includes('s'));
  }

  /** The groups and states that count, each once, as `g.id` and `e.state`. */
  eachGroupAndState(bind: Bind): string {
    const states = this.hasStates
      ? ` CROSS JOIN unnest(${bind([...new Set(this.filters.state)])}::text[]) AS e(state)`
      : '';
    return `(${this.groups(bind)}) g${states}`;
  }

  /** All conditions; what both tables have is read from `table`. */
  all(bind: Bind, table: Table): string {
    // By the state tasks are found within their groups only.
    const group =
      this.isEveryGroup && !this.hasStates
        ? []
        : [`${this.hasStates ? 't' : table}.group_id = ANY (ARRAY(${this.groups(bind)}))`];
    const state = this.hasStates ? [`t.state = ANY (${bind(this.filters.state)}::text[])`] : [];
    return [...group, ...state, this.further(bind, table)].join(' AND ');
  }

  /** The same without those on group and state. */
  further(bind: Bind, table: Table): string {
    return (
      this.conditions.map(({ on, sql }) => sql(bind, on.includes(table) ? table : (on[0] as Table))).join(' AND ') ||
      'true'
    );
  }

  /** Those that both tables can judge, read from `table`. */
  both(bind: Bind, table: Table): string {
    return this.conditions.flatMap(({ on, sql }) => (on === EITHER ? [sql(bind, table)] : [])).join(' AND ') || 'true';
  }

  /**
   * The range of `seq` that comes into question, from `low` on and below
   * `top`: tasks are numbered as they are stored, and none ends before.
   */
  range(bind: Bind): string {
    const { created_after: after, created_before: createdBefore, finished_before: finishedBefore } = this.filters;
    const first = (condition: string, order: string): string =>
      `(SELECT seq FROM task_search WHERE created_at ${condition} ORDER BY created_at ${order} LIMIT 1)`;
    const ends = [createdBefore, finishedBefore].filter((time) => time !== undefined);
    const tops = ends.map((time) => first(`>= ${bind(time)}::timestamptz + ${LONGEST_SUBMISSION}`, 'ASC'));
    if (this.options.after !== undefined) tops.push(`${bind(this.options.after)}::bigint`);
    const low =
      after === undefined
        ? '0'
        : `coalesce(${first(`< ${bind(after)}::timestamptz - ${LONGEST_SUBMISSION}`, 'DESC')}, 0)`;
    return `SELECT ${low} AS low, coalesce(least((SELECT max(seq) + 1 FROM tasks), ${tops.join(', ') || 'NULL'}), 0)
      AS top`;
  }

  private groups(bind: Bind): string {
    const {
      actor,
      filters: { group },
      options: { action = 'task.read' },
    } = this;
    const visible = actor.isAdmin ? [] : [`id = ANY (${bind(groupsWith(actor, action, actor.userId))}::uuid[])`];
    const parts = [...visible, ...(group === undefined ? [] : [`name = ${bind(group)}`])];
    return `SELECT id FROM groups ${parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : ''}`;
  }

  /** A condition that was given and asks for nothing is met by nothing, though `{}` is contained in every list. */
  private add<T>(value: T | undefined, on: readonly Table[], sql: (parameter: string, table: Table) => string): void {
    if (value === undefined) return;
    const isEmpty = value === '' || (Array.isArray(value) && value.length === 0);
    this.conditions.push({ on, sql: (bind, table) => (isEmpty ? 'false' : sql(bind(value), table)) });
  }

  /** What was asked for on submission. */
  private addSubmitted({ creator, job, name, labels, tags, priority, text }: TaskFilters): void {
    this.add(creator, EITHER, (p, table) => `${table}.creator_id = (SELECT id FROM users WHERE username = ${p})`);
    this.add(job, EITHER, (p, table) => `${table}.job_id = ${p}::uuid`);
    this.add(name, EITHER, (p, table) => `${table}.name = ${p}`);
    this.add(labels, EITHER, (p, table) => `${table}.labels @> ${p}::text[]`);
    this.add(tags, EITHER, (p, table) => `${table}.tags @> ${p}::text[]`);
    if (priority) this.add(priority.value, EITHER, (p, table) => `${table}.priority ${operatorOf(priority)} ${p}::int`);
    // In a subquery, so that the planner guesses nothing: by its reckoning a message of four words is never there.
    this.add(text, ['s'], (p) => `s.words @@ (SELECT mito_query(${p}))`);
  }

  private addOutcome({ exit_code: exitCode, worker, upstream }: TaskFilters): void {
    if (exitCode) this.add(exitCode.value, ['t'], (p) => `t.exit_code ${operatorOf(exitCode)} ${p}::int`);
    this.add(
      worker,
      ['t'],
      (p) =>
        `EXISTS (SELECT 1 FROM attempts w WHERE w.task_id = t.id AND w.number = t.attempt
          AND w.worker_id = ${p}::uuid)`,
    );
    this.add(upstream, ['t'], (p) => `t.upstream_id = ${p}::uuid`);
  }

  private addTimes(filters: TaskFilters): void {
    this.add(filters.created_after, EITHER, (p, table) => `${table}.created_at >= ${p}::timestamptz`);
    this.add(filters.created_before, EITHER, (p, table) => `${table}.created_at < ${p}::timestamptz`);
    this.add(filters.finished_after, ['t'], (p) => `t.finished_at >= ${p}::timestamptz`);
    this.add(filters.finished_before, ['t'], (p) => `t.finished_at < ${p}::timestamptz`);
  }

  /** Where only one's own tasks may be cancelled, those of others do not count. */
  private addOwnership(): void {
    const {
      actor,
      options: { action },
    } = this;
    if (action !== 'task.cancel' || actor.isAdmin) return;
    const everybodys = groupsWith(actor, action);
    this.conditions.push({
      on: EITHER,
      sql: (bind, table) =>
        `(${table}.group_id = ANY (${bind(everybodys)}::uuid[]) OR ${table}.creator_id = ${bind(actor.userId)}::uuid)`,
    });
  }
}
