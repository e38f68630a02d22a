import { createHash } from 'node:crypto';
import pg from 'pg';

const names = new Map<string, string>();

/**
 * Marks a statement whose plan is worth keeping, for planning takes longer than running it; returns the
 * same text. It is kept on connections made with `keepsPlans`, and there has to suit any parameters and
 * any size of the tables: it may be made while they are empty. So a large table must be within reach
 * through one index only, best its primary key; where a second condition would offer another index, put
 * the look-up by key into a subquery that the planner can't merge (`LATERAL … OFFSET 0`, `FOR UPDATE`).
 */
export function keepPlan(text: string): string {
  // parsing: a hash is ASCII
  names.set(text, `mito_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`);
  return text;
}

/** A connection that names the statements marked by {@link keepPlan}: the server parses and plans them once. */
export class PlanKeepingClient extends pg.Client {
  /** As in `pg`; typed loosely here, for its many forms. Only `query(text, values)` is changed. */
  override query(...args: unknown[]): never {
    const [text, ...rest] = args;
    const name = typeof text === 'string' ? names.get(text) : undefined;
    const query = super.query.bind(this) as (...given: unknown[]) => never;
    return name === undefined ? query(...args) : query({ name, text }, ...rest);
  }
}

/**
 * Settings that go with kept plans: one plan serves any parameters, and none reads a whole table, even
 * if that was the cheapest way while the table was small.
 */
export const KEPT_PLAN_SETTINGS = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off';

/** A connection is replaced after this time, and its plans with it: they follow the tables as these grow. */
export const KEPT_PLAN_SECONDS = 60;
