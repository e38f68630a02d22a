import { Worker, WorkerGroup } from '@mitosis/database';
import { MitoError, type Role, isAllowed } from '@mitosis/domain';
import type { RegisterWorker, WorkerRegistration } from '@mitosis/protocol';
import type { QueueAccess } from '@mitosis/queue';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { UserActor } from '../auth/authenticator.js';
import type { Tokens } from '../auth/tokens.js';

export interface WorkerRegistryDeps {
  readonly dataSource: DataSource;
  readonly tokens: Tokens;
  readonly access: QueueAccess;
}

/** A worker's credential lives a day at most. */
const TOKEN_LIFETIME_MS = 24 * 3_600_000;

/** How often a worker has to be heard of: three heartbeats fit into a lease. */
export const HEARTBEAT_MS = 5_000;

/** Workers come and go here. */
export class WorkerRegistry {
  constructor(private readonly deps: WorkerRegistryDeps) {}

  /** Needs `write` in every group whose tasks are to run there; the caller's own group is admin of it. */
  async register(actor: UserActor, worker: RegisterWorker): Promise<WorkerRegistration> {
    const { dataSource, tokens, access } = this.deps;
    const groups = await this.groupsFor(actor, new Set([actor.username, ...(worker.groups ?? [])]));
    const { tags, labels, slots, hostname, version } = worker;
    const id = uuidv7();
    await dataSource.transaction(async (tx) => {
      await tx.getRepository(Worker).insert({ id, creatorId: actor.userId, tags, labels, slots, hostname, version });
      const roleOf = (name: string): Role => (name === actor.username ? 'admin' : 'write');
      await tx.getRepository(WorkerGroup).insert(groups.map((group) => ({ workerId: id, groupId: group.id, role: roleOf(group.name) })));
    });
    const queue = await access.grant(id, groups.map(({ name }) => name));
    const expiresAt = new Date(Date.now() + TOKEN_LIFETIME_MS);
    const token = await tokens.sign('worker', { subject: id, id }, expiresAt);
    return { uuid: id, token, expires_at: expiresAt.toISOString(), queue: { ...queue }, heartbeat_ms: HEARTBEAT_MS };
  }

  /** The worker says goodbye: its credentials end with this. */
  async unregister(workerId: string): Promise<void> {
    await this.deps.dataSource.getRepository(Worker).update({ id: workerId }, { state: 'gone' });
    await this.deps.access.revoke(workerId);
  }

  private async groupsFor(actor: UserActor, names: ReadonlySet<string>): Promise<{ id: string; name: string }[]> {
    const rows = (await this.deps.dataSource.query('SELECT id, name FROM groups WHERE name = ANY ($1) ORDER BY name', [
      [...names],
    ])) as { id: string; name: string }[];
    for (const name of names) {
      const group = rows.find((row) => row.name === name);
      if (!group || !isAllowed(actor, { action: 'worker.register', groupId: group.id })) {
        throw new MitoError('not-found', 'group_not_found', `there is no group "${name}" in which you have the role write`, {
          details: { field: 'groups' },
        });
      }
    }
    return rows;
  }
}
