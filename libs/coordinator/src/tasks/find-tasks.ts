import type { TaskFilters } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { TaskConditions, type SelectAction } from './task-conditions.js';
import { selectAll, statement, TaskPages, type FoundTask, type Queryable } from './task-pages.js';

export interface FindOptions {
  readonly limit: number;
  /** Only below this `seq`. */
  readonly after?: string | undefined;
  /** Skips the first N. */
  readonly offset?: number;
  /** A further condition on `t`. */
  readonly only?: string;
  /** What the caller must be allowed to do with them; to read them unless told. */
  readonly action?: SelectAction;
}

/** One of these alone is found in the right order by its own index of `task_search`. */
const ORDERED: readonly string[] = ['creator', 'job', 'name'];
/** These cost nothing beside an index that has the order. */
const COVERED: readonly string[] = ['group', 'state', 'created_after', 'created_before'];

/**
 * The tasks that `actor` may see and the filters find, newest first, in a time that hardly depends on how
 * many tasks there are (docs/decisions/0009).
 */
export async function findTasks(
  database: Queryable,
  actor: UserActor,
  filters: TaskFilters,
  options: FindOptions,
): Promise<FoundTask[]> {
  const conditions = new TaskConditions(actor, filters, options);
  const pages = new TaskPages(database, conditions);
  const page = { limit: options.limit, offset: options.offset ?? 0 };
  const further = Object.entries(filters).flatMap(([name, value]) =>
    value !== undefined && !COVERED.includes(name) ? [name] : [],
  );
  const range = await pages.range();
  if (further.length === 0) return pages.heads(range, page);
  const isOrdered = further.length === 1 && ORDERED.includes(further[0] as string) && !conditions.needsTasks;
  return isOrdered ? pages.ordered(range, page) : pages.newestFirst(range, page);
}

/** How many there are. */
export async function countTasks(database: Queryable, actor: UserActor, filters: TaskFilters): Promise<number> {
  const { sql, values } = statement(
    (bind) =>
      `SELECT count(*)::int AS count FROM (${selectAll(new TaskConditions(actor, filters, {}), bind).sql}) found`,
  );
  const [row] = (await database.query(sql, values)) as { count: number }[];
  return row?.count ?? 0;
}

/** How many there are in each state, of those that {@link findTasks} finds with the same options. */
export async function countByState(
  database: Queryable,
  actor: UserActor,
  filters: TaskFilters,
  options: Pick<FindOptions, 'only' | 'action'>,
): Promise<{ readonly state: string; readonly count: number }[]> {
  const { sql, values } = statement((bind) => {
    const { sql: found } = selectAll(new TaskConditions(actor, filters, options), bind);
    return `SELECT t.state, count(*)::int AS count FROM (${found}) found JOIN tasks t ON t.id = found.id
      GROUP BY t.state`;
  });
  return (await database.query(sql, values)) as { state: string; count: number }[];
}
