import type { Bind, Table, TaskConditions } from './task-conditions.js';

/** What reading needs of a data source or a transaction. */
export interface Queryable {
  query(sql: string, values?: unknown[]): Promise<unknown>;
}

export interface FoundTask {
  readonly id: string;
  readonly seq: string;
}

/** A range of `seq`: from `low` on and below `top`. */
export interface Range {
  readonly low: number;
  readonly top: number;
}

/** What was found from `low` on. */
interface Looked {
  readonly low: number;
  readonly found: FoundTask[];
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** How many of the newest tasks are scanned before an index is asked for all that match … */
const NEWEST = 20_000;
/** … and the most, as long as what was found promises that they fill the page. */
const NEWEST_MAX = 200_000;
/** The same where states are asked for: the groups share them, and each state of a group is read by itself. */
const NEWEST_OF_STATES = 5_000;

const ORDER = 'ORDER BY seq DESC';
const within = ({ low, top }: Range, table: Table): string => `${table}.seq >= ${low} AND ${table}.seq < ${top}`;

/** A statement with its parameters. */
export function statement(write: (bind: Bind) => string): { sql: string; values: unknown[] } {
  const values: unknown[] = [];
  return { sql: write((value) => `$${values.push(value)}`), values };
}

/** All that match, by whatever indexes the planner finds best. */
export function selectAll(conditions: TaskConditions, bind: Bind): { table: Table; sql: string } {
  const { isSearch, needsTasks } = conditions;
  if (!isSearch) return { table: 't', sql: `SELECT t.id, t.seq FROM tasks t WHERE ${conditions.all(bind, 't')}` };
  // Wherever the planner begins, it shall not look at the other table for what the first one knows.
  const join = needsTasks ? `JOIN tasks t ON t.id = s.task_id AND ${conditions.both(bind, 't')}` : '';
  return {
    table: 's',
    sql: `SELECT s.task_id AS id, s.seq FROM task_search s ${join} WHERE ${conditions.all(bind, 's')}`,
  };
}

/**
 * Ways to read tasks that match, newest first, of a range of
 * `seq` that is known: its size tells the planner what is cheap.
 */
export class TaskPages {
  constructor(
    private readonly database: Queryable,
    private readonly conditions: TaskConditions,
  ) {}

  async range(): Promise<Range> {
    const [range] = await this.rows<{ low: string; top: string }>((bind) => this.conditions.range(bind));
    return { low: Number(range?.low), top: Number(range?.top) };
  }

  /** Groups and states in the order of an index for each; only the heads are merged. */
  heads(range: Range, { limit, offset }: Page): Promise<FoundTask[]> {
    const { conditions } = this;
    const rest = `${ORDER} LIMIT ${limit} OFFSET ${offset}`;
    return this.rows((bind) => {
      const all = `SELECT t.id, t.seq FROM tasks t WHERE ${within(range, 't')} AND ${conditions.further(bind, 't')}`;
      if (conditions.isEveryGroup && !conditions.hasStates) return `${all} ${rest}`;
      const head =
        `${all} AND t.group_id = g.id ${conditions.hasStates ? 'AND t.state = e.state' : ''} ` +
        `ORDER BY t.seq DESC LIMIT ${limit + offset}`;
      return `SELECT x.id, x.seq FROM ${conditions.eachGroupAndState(bind)} CROSS JOIN LATERAL (${head}) x ${rest}`;
    });
  }

  /** Whatever an index of `task_search` has in this order. */
  ordered(range: Range, { limit, offset }: Page): Promise<FoundTask[]> {
    return this.rows((bind) => `${this.within(range, bind)} ${ORDER} LIMIT ${limit} OFFSET ${offset}`);
  }

  /** The newest are looked through; when they do not fill the page there are few, and an index finds the rest. */
  async newestFirst(range: Range, { limit, offset }: Page): Promise<FoundTask[]> {
    const wanted = limit + offset;
    const { low, found } = await (this.conditions.hasStates
      ? this.newestOfStates(range, wanted)
      : this.newest(range, wanted));
    const missing = wanted - found.length;
    if (missing > 0 && low > range.low) found.push(...(await this.older({ low: range.low, top: low }, missing)));
    return found.slice(offset);
  }

  /**
   * Of few: finding all of them and ordering them costs less than
   * to look for them in order, whatever the planner believes.
   */
  private older(range: Range, limit: number): Promise<FoundTask[]> {
    return this.rows((bind) => `SELECT id, seq FROM (${this.within(range, bind)} OFFSET 0) x ${ORDER} LIMIT ${limit}`);
  }

  private within(range: Range, bind: Bind): string {
    const { sql, table } = selectAll(this.conditions, bind);
    return `${sql} AND ${within(range, table)}`;
  }

  private async newest(range: Range, limit: number): Promise<Looked> {
    const found: FoundTask[] = [];
    let { top } = range;
    for (let count = NEWEST; count <= NEWEST_MAX && top > range.low;) {
      const low = Math.max(top - count, range.low);
      const more = await this.lookThrough({ low, top }, limit - found.length);
      found.push(...more);
      top = low;
      const missing = limit - found.length;
      if (missing === 0) break;
      // Infinite when nothing was found.
      count = Math.ceil((1.5 * missing * count) / more.length);
    }
    return { low: top, found };
  }

  private lookThrough(range: Range, limit: number): Promise<FoundTask[]> {
    const { conditions } = this;
    const [table, source, id]: [Table, string, string] = conditions.isSearch
      ? ['s', 'task_search', 's.task_id']
      : ['t', 'tasks', 't.id'];
    const join = conditions.isSearch && conditions.needsTasks ? 'JOIN tasks t ON t.id = s.task_id' : '';
    // OFFSET 0 keeps the planner from asking another index here.
    const newest = `SELECT * FROM ${source} ${table} WHERE ${within(range, table)} ${ORDER} OFFSET 0`;
    return this.rows(
      (bind) =>
        `SELECT ${id} AS id, ${table}.seq
          FROM (${newest}) ${table} ${join} WHERE ${conditions.all(bind, table)} ORDER BY ${table}.seq DESC
          LIMIT ${limit}`,
    );
  }

  /** Looked through down to where the first of the groups and states has older ones that were not read. */
  private async newestOfStates(range: Range, limit: number): Promise<Looked> {
    const { conditions } = this;
    const join = conditions.needsSearch
      ? 'CROSS JOIN LATERAL (SELECT * FROM task_search s WHERE s.seq = h.seq OFFSET 0) s'
      : '';
    const rows = await this.rows<{ low: string; id: string | null; seq: string }>((bind) => {
      const each = conditions.eachGroupAndState(bind);
      const head = `SELECT t.seq FROM tasks t WHERE t.group_id = g.id AND t.state = e.state
        AND ${within(range, 't')} ORDER BY t.seq DESC LIMIT (SELECT most FROM depth)`;
      return `
        WITH depth AS MATERIALIZED (SELECT greatest(100, ${NEWEST_OF_STATES} / greatest(1, count(*))) AS most
        FROM ${each}),
        heads AS MATERIALIZED (SELECT g.id, e.state, x.seq FROM ${each} CROSS JOIN LATERAL (${head}) x),
        cut AS (SELECT min(seq) AS low FROM heads GROUP BY id, state HAVING count(*) = (SELECT most FROM depth)),
        reach AS MATERIALIZED (SELECT coalesce(max(low), ${range.low}) AS low FROM cut)
        SELECT r.low, f.id, f.seq FROM reach r LEFT JOIN LATERAL (
          SELECT t.id, t.seq FROM (SELECT seq FROM heads WHERE seq >= r.low ${ORDER}) h
          JOIN tasks t ON t.seq = h.seq ${join}
          WHERE ${conditions.further(bind, 't')} ORDER BY t.seq DESC LIMIT ${limit}) f ON true ORDER BY f.seq DESC`;
    });
    return {
      low: Number(rows[0]?.low ?? range.low),
      found: rows.flatMap(({ id, seq }) => (id === null ? [] : [{ id, seq }])),
    };
  }

  private async rows<Row>(write: (bind: Bind) => string): Promise<Row[]> {
    const { sql, values } = statement(write);
    return (await this.database.query(sql, values)) as Row[];
  }
}
