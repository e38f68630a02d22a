import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Worker, WorkerGroup } from '@mitosis/database';
import { MitoError, type Presence, type Role } from '@mitosis/domain';
import type { EnrollWorker, RegisterWorker, WorkerRegistration } from '@mitosis/protocol';
import type { QueueAccess } from '@mitosis/queue';
import type { AuditLog } from '../audit/audit-log.js';
import { identifyCaller } from '../audit/request-context.js';
import type { Authenticator, UserActor, WorkerActor } from '../auth/authenticator.js';
import type { Tokens } from '../auth/tokens.js';
import { findGroups, type GroupRef } from '../groups/find-group.js';
import { servedGroups } from '../groups/worker-queues.js';
import { isAlive } from '../kernel/alive-workers.js';
import { SERVE, useEnrolment } from './enrolments.js';
import type { WorkerAccess } from './worker-access.js';

export interface WorkerRegistryDeps {
  readonly dataSource: DataSource;
  readonly authenticator: Authenticator;
  readonly tokens: Tokens;
  readonly access: QueueAccess;
  readonly audit: AuditLog;
  readonly workers: WorkerAccess;
  readonly presence: Presence;
  /** How long a worker's credential lives; a day at most. */
  readonly tokenLifetimeMs: number;
  /** Workers that may be alive at a time. */
  readonly workersMax?: number | undefined;
}

type NewWorker = Pick<Worker, 'tags' | 'labels' | 'slots' | 'hostname' | 'version' | 'onlyKind'> &
  Partial<Pick<Worker, 'enrolmentId' | 'enrolRequest'>>;

/** Workers come and go here. */
export class WorkerRegistry {
  constructor(private readonly deps: WorkerRegistryDeps) {}

  /** Needs `write` in every group whose tasks are to run there; the caller's own group is admin of it. Throws `too_many_workers`. */
  async register(actor: UserActor, worker: RegisterWorker): Promise<WorkerRegistration> {
    const { tags, labels, slots, hostname, version, only } = worker;
    const id = await this.deps.dataSource.transaction(async (tx) => {
      const groups = await findGroups(tx, actor, new Set([actor.username, ...(worker.groups ?? [])]), SERVE);
      return this.insert(tx, actor, groups, { tags, labels, slots, hostname, version, onlyKind: only ?? null });
    });
    return this.credentials(id);
  }

  /** The same for a worker that has only a code; it registers in the name of whoever made the code. */
  async enroll({
    code,
    request,
    slots,
    hostname,
    version,
    only,
    ...worker
  }: EnrollWorker): Promise<WorkerRegistration> {
    const { dataSource, authenticator } = this.deps;
    const id = await dataSource.transaction(async (tx) => {
      const use = await useEnrolment(tx, code, request);
      if (use.earlier !== undefined) return use.earlier;
      const { enrolment } = use;
      const creator = await authenticator.person(tx, enrolment.creatorId);
      if (!creator)
        throw new MitoError('unauthenticated', 'invalid_code', 'the enrolment code is not valid (any more)');
      identifyCaller({ kind: 'user', id: creator.userId, name: creator.username });
      const groups = await findGroups(tx, creator, new Set([creator.username, ...enrolment.groups]), SERVE);
      const tags = [...new Set([...enrolment.tags, ...worker.tags])].sort();
      const labels = [...new Set([...enrolment.labels, ...worker.labels])];
      return this.insert(tx, creator, groups, {
        tags,
        labels,
        slots,
        hostname,
        version,
        onlyKind: only ?? null,
        enrolmentId: enrolment.id,
        enrolRequest: request,
      });
    });
    return this.credentials(id);
  }

  /** New credentials for a worker that lives; its queue access is granted again, also when the queue server has forgotten it. */
  async renew({ workerId }: WorkerActor): Promise<WorkerRegistration> {
    return this.credentials(workerId);
  }

  /** The worker says goodbye: its credentials end with this. */
  async unregister(workerId: string): Promise<void> {
    const { dataSource, audit, workers } = this.deps;
    const change = await dataSource.transaction(async (tx) => {
      await audit.record(tx, 'workers.unregister', `worker ${workerId}`);
      return workers.revoke(tx, [workerId]);
    });
    await workers.announce(change);
  }

  private async insert(
    tx: EntityManager,
    actor: UserActor,
    groups: readonly GroupRef[],
    worker: NewWorker,
  ): Promise<string> {
    await this.assertRoom(tx);
    const id = uuidv7();
    await tx.getRepository(Worker).insert({ id, creatorId: actor.userId, ...worker });
    const roleOf = (name: string): Role => (name === actor.username ? 'admin' : 'write');
    await tx
      .getRepository(WorkerGroup)
      .insert(
        groups.map((group) => ({ workerId: id, groupId: group.id, role: roleOf(group.name), grantedBy: actor.userId })),
      );
    const details = {
      groups: groups.map(({ name }) => name),
      hostname: worker.hostname,
      ...(worker.enrolmentId && { enrolment: worker.enrolmentId }),
    };
    await this.deps.audit.record(
      tx,
      worker.enrolmentId ? 'workers.enroll' : 'workers.register',
      `worker ${id}`,
      details,
    );
    // A worker that can't get access to the queues leaves no row, and uses up no code.
    await this.deps.access.grant(
      id,
      groups.map(({ name }) => name),
    );
    return id;
  }

  /** Registrations come one after the other where there is a limit. A worker that was lost does not count. */
  private async assertRoom(tx: EntityManager): Promise<void> {
    const { workersMax, presence } = this.deps;
    if (workersMax === undefined) return;
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('workers', 8))`);
    const [alive] = (await tx.query(`SELECT count(*)::int AS workers FROM workers w WHERE ${isAlive('w', '$1')}`, [
      presence.silentMs,
    ])) as [{ workers: number }];
    if (alive.workers < workersMax) return;
    throw new MitoError(
      'conflict',
      'too_many_workers',
      `no more than ${workersMax} workers are taken at a time (max_nodes)`,
      { details: { max: workersMax } },
    );
  }

  private async credentials(id: string): Promise<WorkerRegistration> {
    const { dataSource, access, tokens, tokenLifetimeMs, presence } = this.deps;
    const groups = await servedGroups(dataSource, id);
    if (!groups) throw new MitoError('unauthenticated', 'invalid_token', 'the worker is not known any more');
    const queue = await access.grant(id, groups);
    await dataSource.query(
      `UPDATE workers SET credential_expires_at = now() + $2 * interval '1 millisecond' WHERE id = $1`,
      [id, tokenLifetimeMs],
    );
    const expiresAt = new Date(Date.now() + tokenLifetimeMs);
    const token = await tokens.sign('worker', { subject: id, id }, expiresAt);
    return {
      uuid: id,
      token,
      expires_at: expiresAt.toISOString(),
      expires_in_ms: tokenLifetimeMs,
      queue: { ...queue },
      heartbeat_ms: presence.heartbeatMs,
    };
  }
}
