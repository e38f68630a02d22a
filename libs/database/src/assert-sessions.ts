import type { DataSource, QueryRunner } from 'typeorm';
import { MitoError } from '@mitosis/domain';

/** A setting of a session that no server knows: it is there for whoever has set it on the same session. */
const MARK = 'mitosis.session_mark';

/**
 * How often the other connection asks before the first one looks: a
 * pooler that hands its servers out in turn is at another one then.
 */
const TURNS = [1, 2, 3, 4] as const;

export const POOLER_ADVICE =
  'connect to PostgreSQL directly or, with the queues in Redis, let the pooler keep a session for ' +
  'each client (pool_mode = session, with ignore_startup_parameters = options, statement_timeout)';

const mark = async (runner: QueryRunner, value: string): Promise<void> => {
  await runner.query('SELECT set_config($1, $2, false)', [MARK, value]);
};

async function markOf(runner: QueryRunner): Promise<string | null> {
  const [row] = (await runner.query('SELECT current_setting($1, true) AS mark', [MARK])) as [{ mark: string | null }];
  return row.mark;
}

/**
 * True when a connection keeps its session between transactions, as each direct one does: what one connection
 * sets is there for it afterwards, and not what another one has set meanwhile. Behind a pooler that shares the
 * sessions of the server (PgBouncer with `pool_mode = transaction` or `statement`), prepared statements,
 * advisory locks and LISTEN are lost in the same way. Takes two connections of the pool.
 */
export async function keepsSessions(dataSource: DataSource): Promise<boolean> {
  const [one, other] = [dataSource.createQueryRunner(), dataSource.createQueryRunner()];
  try {
    // Both are connected before either asks.
    await Promise.all([one.connect(), other.connect()]);
    for (const turns of TURNS) {
      await mark(one, `one ${turns}`);
      for (let turn = 0; turn < turns; turn += 1) await mark(other, 'other');
      if ((await markOf(one)) !== `one ${turns}`) return false;
    }
    return true;
  } finally {
    await Promise.all([one.release(), other.release()]);
  }
}

/** Throws `database_pooled` when {@link keepsSessions} is false. */
export async function assertSessions(dataSource: DataSource): Promise<void> {
  if (await keepsSessions(dataSource)) return;
  throw new MitoError(
    'invalid',
    'database_pooled',
    'db_url leads to a connection pooler that keeps no session between two transactions: ' +
      `prepared statements, advisory locks and LISTEN would fail. Instead, ${POOLER_ADVICE}.`,
    { details: { field: 'db_url' } },
  );
}
