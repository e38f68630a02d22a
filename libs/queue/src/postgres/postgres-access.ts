import pg from 'pg';
import { invalidField, MitoError, NAME_PATTERN } from '@mitosis/domain';
import type { QueueAccess } from '../queue-backend.js';
import type { PostgresQueueConfig, QueueCredentials } from '../queue-config.js';
import { orDenied } from '../unavailable.js';
import { workerLogin } from '../worker-login.js';
import { workerPassword } from '../worker-password.js';
import type { QueueSchema } from './queue-schema.js';

const CONNECTIONS_MAX = 10;
const STATEMENT_MS = 15_000;

/**
 * One login role per worker, with no right of its own: the functions of the worker schema check its
 * groups in a table on every call, so changes take effect with the next. Works for a superuser and
 * for a role with CREATEROLE. A role that is left over from an earlier database is taken over.
 * What no setting can keep from a login: it sees the catalogue, the names of queues (NOTIFY), and
 * may lift its own statement timeout.
 */
export class PostgresAccess implements QueueAccess {
  constructor(
    private readonly pool: pg.Pool,
    private readonly config: PostgresQueueConfig,
    private readonly schema: QueueSchema,
    private readonly accessKey: string,
  ) {}

  async grant(workerId: string, groups: readonly string[]): Promise<QueueCredentials> {
    const bad = groups.find((group) => !NAME_PATTERN.test(group));
    if (bad !== undefined) throw invalidField('groups', `"${bad}" is not the name of a group`);
    const login = this.loginOf(workerId);
    const password = workerPassword(this.accessKey, 'postgres', workerId);
    await this.inTransaction(login, async (client) => {
      await this.createRole(client, login, password);
      await client.query(`DELETE FROM ${this.table} WHERE login = $1 AND group_name <> ALL ($2)`, [login, groups]);
      await client.query(
        `INSERT INTO ${this.table} (login, group_name) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`,
        [login, groups],
      );
    });
    return { kind: 'postgres', databaseUrl: this.workerUrl(login, password), schema: this.schema.bullmq };
  }

  async revoke(workerId: string): Promise<void> {
    const login = this.loginOf(workerId);
    await this.inTransaction(login, async (client) => {
      await client.query(`DELETE FROM ${this.table} WHERE login = $1`, [login]);
      if (!(await roleExists(client, login))) return;
      // One that may not be ended, or begins just now, can call nothing any more.
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE usename = $1 AND pg_has_role(usesysid, 'USAGE')`,
        [login],
      );
      await client.query(`DROP ROLE ${pg.escapeIdentifier(login)}`);
    });
  }

  private get table(): string {
    return `"${this.schema.worker}".worker_group`;
  }

  private loginOf(workerId: string): string {
    return workerLogin(`${this.schema.bullmq}_w_`, workerId);
  }

  private async createRole(client: pg.PoolClient, login: string, password: string): Promise<void> {
    const role = pg.escapeIdentifier(login);
    const isNew = !(await roleExists(client, login));
    await client.query(
      `${isNew ? 'CREATE' : 'ALTER'} ROLE ${role} LOGIN CONNECTION LIMIT ${CONNECTIONS_MAX}
       PASSWORD ${pg.escapeLiteral(password)}`,
    );
    // Being a member is what lets a coordinator that is no superuser end the role's sessions.
    if (isNew) await client.query(`GRANT ${role} TO CURRENT_USER`);
    await client.query(`ALTER ROLE ${role} SET statement_timeout = ${STATEMENT_MS}`);
    await client.query(`ALTER ROLE ${role} SET idle_in_transaction_session_timeout = ${STATEMENT_MS}`);
  }

  private inTransaction(login: string, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    return orDenied('Its database user needs CREATEROLE: ALTER ROLE … CREATEROLE.', async () => {
      const client = await this.pool.connect();
      let failure: unknown;
      try {
        await client.query('BEGIN');
        await client.query('SET LOCAL synchronous_commit = on');
        // Two replicas may grant the same worker at once; Postgres has no CREATE ROLE IF NOT EXISTS.
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [login]);
        await work(client);
        await client.query('COMMIT');
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        client.release(failure !== undefined);
      }
    });
  }

  private workerUrl(login: string, password: string): string {
    const url = new URL(this.config.workerUrl ?? this.config.databaseUrl);
    if (url.hostname === '') {
      throw new MitoError('invalid', 'worker_url_needed', 'the database is reached without a host: set workerUrl');
    }
    url.username = login;
    url.password = password;
    return url.href;
  }
}

async function roleExists(client: pg.PoolClient, login: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [login]);
  return rowCount === 1;
}
