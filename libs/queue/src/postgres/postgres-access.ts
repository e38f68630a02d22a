import pg from 'pg';
import { cutText, invalidField, MitoError, NAME_PATTERN, storableText } from '@mitosis/domain';
import type { LeftOverLogin, QueueAccess } from '../queue-backend.js';
import type { PostgresQueueConfig, ServerCredentials } from '../queue-config.js';
import { orDenied, orUnavailable, reasonOf } from '../unavailable.js';
import { workerLogin } from '../worker-login.js';
import { workerPassword } from '../worker-password.js';
import { dropLogin } from './drop-login.js';
import type { QueueSchema } from './queue-schema.js';

const CONNECTIONS_MAX = 10;
const STATEMENT_MS = 15_000;
/** A login can lock its own row in the catalogue, by changing its password in an open transaction: nobody waits longer for it. */
const LOCK_MS = 1_000;
/** So often its sessions are ended and the login is closed anew. */
const CLOSE_TRIES = 5;
const CLEAN_UP_MAX = 100;
const TROUBLE_MAX = 500;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * One login role per worker, with no right of its own: the functions of the worker schema check its
 * groups in a table on every call, so changes take effect with the next. Works for a superuser and
 * for a role with CREATEROLE. A role that is left over from an earlier database is taken over.
 * What no setting can keep from a login: it sees the catalogue, the names of queues (NOTIFY), makes large objects, and
 * may lift its own statement timeout. Revoking therefore takes the rights first, each step committed by itself, and
 * then drops the login; what fails of that is left to `cleanUp`.
 */
export class PostgresAccess implements QueueAccess<ServerCredentials> {
  readonly connection = 'direct';

  constructor(
    private readonly pool: pg.Pool,
    private readonly config: PostgresQueueConfig,
    private readonly schema: QueueSchema,
    private readonly accessKey: string,
  ) {}

  async grant(workerId: string, groups: readonly string[]): Promise<ServerCredentials> {
    const bad = groups.find((group) => !NAME_PATTERN.test(group));
    if (bad !== undefined) throw invalidField('groups', `"${bad}" is not the name of a group`);
    const login = this.loginOf(workerId);
    const password = workerPassword(this.accessKey, 'postgres', workerId);
    const create = async (client: pg.PoolClient): Promise<void> => {
      await client.query(`UPDATE ${this.logins} SET revoked_at = NULL, trouble = NULL WHERE login = $1`, [login]);
      await this.createRole(client, login, password);
      await client.query(`DELETE FROM ${this.table} WHERE login = $1 AND group_name <> ALL ($2)`, [login, groups]);
      await client.query(
        `INSERT INTO ${this.table} (login, group_name) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`,
        [login, groups],
      );
    };
    await orDenied('Its database user needs CREATEROLE: ALTER ROLE … CREATEROLE.', () => this.holding(login, create));
    return { kind: 'postgres', databaseUrl: this.workerUrl(login, password), schema: this.schema.bullmq };
  }

  async revoke(workerId: string): Promise<void> {
    const login = this.loginOf(workerId);
    await orUnavailable(async () => {
      await this.pool.query(`DELETE FROM ${this.table} WHERE login = $1`, [login]);
      // A grant that was under way has committed before this gets the login.
      await this.holding(login, async (client) => {
        await client.query(`DELETE FROM ${this.table} WHERE login = $1`, [login]);
        await client.query(`UPDATE ${this.logins} SET revoked_at = now(), trouble = NULL WHERE login = $1`, [login]);
      });
      await this.close(login);
    });
    await this.drop(login, 'quickly');
  }

  async cleanUp(): Promise<readonly LeftOverLogin[]> {
    return orUnavailable(async () => {
      const { rows } = await this.pool.query<{ login: string }>(
        `SELECT login FROM ${this.logins} WHERE revoked_at IS NOT NULL ORDER BY revoked_at LIMIT ${CLEAN_UP_MAX}`,
      );
      const leftOver: LeftOverLogin[] = [];
      for (const { login } of rows) {
        const reason = await this.close(login).then(
          () => this.drop(login, 'thoroughly'),
          (error: unknown) => reasonOf(error),
        );
        if (reason !== undefined) leftOver.push({ login, reason });
      }
      return leftOver;
    });
  }

  /** The login may not connect any more, and its sessions end. */
  private async close(login: string, tries = CLOSE_TRIES): Promise<void> {
    await this.endSessions(login);
    try {
      await this.holding(login, async (client) => {
        if (!(await this.isRevoked(client, login)) || !(await roleExists(client, login))) return;
        await client.query(`ALTER ROLE ${pg.escapeIdentifier(login)} NOLOGIN PASSWORD NULL`);
      });
    } catch (error) {
      const isLocked = error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE;
      if (!isLocked || tries <= 1) throw error;
      return this.close(login, tries - 1);
    }
    await this.endSessions(login);
  }

  /** One that may not be ended can call nothing any more. */
  private async endSessions(login: string): Promise<void> {
    await this.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pg_has_role(usesysid, 'USAGE')
         AND EXISTS (SELECT 1 FROM ${this.logins} WHERE login = $1 AND revoked_at IS NOT NULL)`,
      [login],
    );
  }

  /** Why a login is still there, which is remembered for `diagnose`; undefined: it is gone, or was granted anew. */
  private async drop(login: string, how: 'quickly' | 'thoroughly'): Promise<string | undefined> {
    try {
      await this.holding(login, async (client) => {
        if (!(await this.isRevoked(client, login))) return;
        if (how === 'thoroughly') await dropLogin({ client, databaseUrl: this.config.databaseUrl, login });
        else if (await roleExists(client, login)) await client.query(`DROP ROLE ${pg.escapeIdentifier(login)}`);
        await client.query(`DELETE FROM ${this.logins} WHERE login = $1`, [login]);
      });
      return undefined;
    } catch (error) {
      const reason = reasonOf(error);
      await this.pool.query(`UPDATE ${this.logins} SET trouble = $2 WHERE login = $1 AND revoked_at IS NOT NULL`, [
        login,
        cutText(storableText(reason), TROUBLE_MAX),
      ]);
      return reason;
    }
  }

  private async isRevoked(client: pg.PoolClient, login: string): Promise<boolean> {
    const { rowCount } = await client.query(
      `SELECT 1 FROM ${this.logins} WHERE login = $1 AND revoked_at IS NOT NULL`,
      [login],
    );
    return rowCount === 1;
  }

  private get logins(): string {
    return `"${this.schema.worker}".worker_login`;
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

  /**
   * In one transaction that has the login for itself: two replicas may change it at the same time. The lock is a row of a table
   * that no worker can reach, not an advisory lock, which everybody may take. A login that was not there has its row from now on.
   */
  private async holding(login: string, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    let failure: unknown;
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL synchronous_commit = on');
      await client.query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
      await client.query(
        `INSERT INTO ${this.logins} (login) VALUES ($1) ON CONFLICT (login) DO UPDATE SET login = excluded.login`,
        [login],
      );
      await work(client);
      await client.query('COMMIT');
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure !== undefined);
    }
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
