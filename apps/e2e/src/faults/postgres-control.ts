import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedPostgres } from '@mitosis/embedded';
import { eventually, silentLog, type Scope } from '@mitosis/testing';

/** PostgreSQL responds again within this time after a crash; longer is a fault. */
const BACK_MS = 60_000;

/** A PostgreSQL of the harness, whose commits survive the crash of the server (not of the machine). */
export class PostgresControl {
  private readonly server: EmbeddedPostgres;
  private count = 0;

  private constructor(dataDir: string) {
    const settings = { synchronous_commit: 'on', max_connections: '400' };
    this.server = new EmbeddedPostgres({ dataDir, log: silentLog, ephemeral: true, settings });
  }

  static async start(scope: Scope): Promise<PostgresControl> {
    const control = new PostgresControl(await mkdtemp(join(tmpdir(), 'mito-faults-pg-')));
    scope.teardown(() => control.server.stop());
    await control.server.start();
    return control;
  }

  /** The connection string of a new, empty database. */
  async createDatabase(): Promise<string> {
    this.count += 1;
    const url = new URL(this.server.url);
    url.pathname = `/faults_${this.count}`;
    await this.run(`CREATE DATABASE faults_${this.count}`);
    return url.href;
  }

  /** Ends the server as `pg_ctl stop -m immediate` does; resolves when it responds again, after its recovery. */
  async crash(): Promise<void> {
    const { pid } = this.server;
    process.kill(pid, 'SIGQUIT');
    await eventually(() => this.server.pid !== pid && this.answers(), {
      message: 'PostgreSQL after a crash',
      timeoutMs: BACK_MS,
    });
  }

  /** Nothing of the server moves for `ms`; its connections stay open. */
  async pause(ms: number): Promise<void> {
    const pids = [this.server.pid, ...(await childrenOf(this.server.pid))];
    signalAll(pids, 'SIGSTOP');
    try {
      await delay(ms);
    } finally {
      signalAll(pids, 'SIGCONT');
    }
  }

  private async answers(): Promise<boolean> {
    await this.run('SELECT 1');
    return true;
  }

  private async run(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.server.url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(sql);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // A backend may have ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return pids.filter((_, index) => parents[index] === parent);
}
