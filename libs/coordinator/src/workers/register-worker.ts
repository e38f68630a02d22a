import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Worker, WorkerGroup } from '@mitosis/database';
import { MitoError, type Presence, type Role } from '@mitosis/domain';
import type { EnrollWorker, RegisterWorker, ResumeWorker, WorkerRegistration } from '@mitosis/protocol';
import type { QueueAccess } from '@mitosis/queue';
import type { AuditLog } from '../audit/audit-log.js';
import { identifyCaller } from '../audit/request-context.js';
import type { Authenticator, UserActor, WorkerActor } from '../auth/authenticator.js';
import { hashSecret } from '../auth/secrets.js';
import type { Tokens } from '../auth/tokens.js';
import { findGroups, type GroupRef } from '../groups/find-group.js';
import { servedGroups } from '../groups/worker-queues.js';
import { isAlive } from '../kernel/alive-workers.js';
import { SERVE, useEnrolment } from './enrolments.js';
import type { WorkerAccess } from './worker-access.js';
import { chooseName, findByIdentity, type KnownWorker } from './worker-identity.js';

export interface WorkerRegistryDeps {
  readonly dataSource: DataSource;
  readonly authenticator: Authenticator;
  readonly tokens: Tokens;
  readonly access: QueueAccess;
  readonly audit: AuditLog;
  readonly workers: WorkerAccess;
  readonly presence: Presence;
  /** How deliveries reach workers. */
  readonly connection: Worker['connection'];
  /** How long a worker's credential lives; a day at most. */
  readonly tokenLifetimeMs: number;
  /** Workers that may be alive at a time. */
  readonly workersMax?: number | undefined;
}

type NewWorker = Pick<
  Worker,
  'tags' | 'labels' | 'slots' | 'hostname' | 'version' | 'onlyKind' | 'takes' | 'identityHash'
> &
  Partial<Pick<Worker, 'enrolmentId' | 'enrolRequest'>> & { readonly wantedName: string | undefined };

type Facts = Omit<RegisterWorker, 'groups'>;

function toRow({ tags, labels, slots, hostname, version, only, takes, name, identity }: Facts): NewWorker {
  const identityHash = identity === undefined ? null : hashSecret(identity);
  const offers = { tags, takes: takes ?? null, onlyKind: only ?? null, slots };
  return { ...offers, labels, hostname, version, wantedName: name, identityHash };
}

/** Workers come and go here. */
export class WorkerRegistry {
  constructor(private readonly deps: WorkerRegistryDeps) {}

  /**
   * Needs `write` in every group whose tasks are to run there; the
   * caller's own group is admin of it. Throws `too_many_workers`.
   */
  async register(actor: UserActor, worker: RegisterWorker): Promise<WorkerRegistration> {
    const id = await this.deps.dataSource.transaction(async (tx) => {
      const groups = await findGroups(tx, actor, new Set([actor.username, ...(worker.groups ?? [])]), SERVE);
      return this.insert(tx, actor, groups, toRow(worker));
    });
    return this.credentials(id);
  }

  /** The same for a worker that has only a code; it registers in the name of whoever made the code. */
  async enroll({ code, request, ...worker }: EnrollWorker): Promise<WorkerRegistration> {
    const { dataSource, authenticator } = this.deps;
    const id = await dataSource.transaction(async (tx) => {
      const use = await useEnrolment(tx, code, request);
      if (use.earlier !== undefined) return use.earlier;
      const { enrolment } = use;
      const creator = await authenticator.person(tx, enrolment.creatorId);
      if (!creator)
        throw new MitoError('unauthenticated', 'invalid_code', 'the enrolment code is invalid, used up or expired');
      identifyCaller({ kind: 'user', id: creator.userId, name: creator.username });
      const groups = await findGroups(tx, creator, new Set([creator.username, ...enrolment.groups]), SERVE);
      const tags = [...new Set([...enrolment.tags, ...worker.tags])].sort();
      const labels = [...new Set([...enrolment.labels, ...worker.labels])];
      const row = { ...toRow({ ...worker, tags, labels }), enrolmentId: enrolment.id, enrolRequest: request };
      return this.insert(tx, creator, groups, row);
    });
    return this.credentials(id);
  }

  /**
   * A worker that was registered before starts again: it is the same one, with its roles, and needs neither a code
   * nor a login. Throws `unknown_worker` for one that was revoked.
   */
  async resume({ identity, ...worker }: ResumeWorker): Promise<WorkerRegistration> {
    const { dataSource, authenticator, audit } = this.deps;
    const id = await dataSource.transaction(async (tx) => {
      const known = await findByIdentity(tx, hashSecret(identity));
      const creator = known && (await authenticator.person(tx, known.creatorId));
      if (!known || !creator)
        throw new MitoError('unauthenticated', 'unknown_worker', 'The coordinator does not know this worker.');
      identifyCaller({ kind: 'worker', id: known.id, name: known.name });
      await this.assertRoom(tx);
      const codes = (await tx.query('SELECT tags, labels FROM enrolments WHERE id = $1', [known.enrolmentId])) as {
        tags: string[];
        labels: string[];
      }[];
      const tags = [...new Set([...worker.tags, ...codes.flatMap((code) => code.tags)])].sort();
      const labels = [...new Set([...worker.labels, ...codes.flatMap((code) => code.labels)])];
      await this.revive(tx, known, toRow({ ...worker, identity, tags, labels }));
      await audit.record(tx, 'workers.resume', `worker ${known.id}`, { hostname: worker.hostname });
      return known.id;
    });
    return this.credentials(id);
  }

  /**
   * New credentials for a worker that lives; its queue access is
   * granted again, also when the queue server has forgotten it.
   */
  async renew({ workerId }: WorkerActor): Promise<WorkerRegistration> {
    return this.credentials(workerId);
  }

  /** The worker says goodbye: its credentials end with this. It may come back. */
  async unregister(workerId: string): Promise<void> {
    const { dataSource, audit, workers } = this.deps;
    const change = await dataSource.transaction(async (tx) => {
      await audit.record(tx, 'workers.unregister', `worker ${workerId}`);
      return workers.revoke(tx, [workerId], { mayReturn: true });
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
    const { identityHash } = worker;
    const known = identityHash === null ? undefined : await findByIdentity(tx, identityHash);
    const isSame = known?.creatorId === actor.userId;
    const id = known && isSame ? known.id : uuidv7();
    if (known && isSame) {
      await this.revive(tx, known, worker);
      await tx.query('DELETE FROM worker_groups WHERE worker_id = $1', [id]);
    } else {
      // Somebody else registers it now: it is another worker.
      if (known) await tx.query('UPDATE workers SET identity_hash = NULL WHERE id = $1', [known.id]);
      const { wantedName, ...row } = worker;
      const name = await chooseName(tx, { wanted: wantedName, hostname: worker.hostname });
      await tx
        .getRepository(Worker)
        .insert({ id, creatorId: actor.userId, connection: this.deps.connection, ...row, name });
    }
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

  private async revive(tx: EntityManager, known: KnownWorker, worker: NewWorker): Promise<void> {
    const { wantedName, identityHash, ...row } = worker;
    const wanted = { id: known.id, wanted: wantedName, current: known.name, hostname: worker.hostname };
    const name = await chooseName(tx, wanted);
    const state = { state: 'active', wanted: 'run', connection: this.deps.connection } as const;
    await tx.getRepository(Worker).update(known.id, { ...row, ...state, name, identityHash });
    await tx.query(
      `UPDATE workers SET started_at = now(), last_seen_at = now(), trouble = NULL, trouble_since = NULL,
         credential_expires_at = now() + interval '1 hour' WHERE id = $1`,
      [known.id],
    );
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
    if (!groups) throw new MitoError('unauthenticated', 'invalid_token', 'the worker is no longer known');
    const queue = await access.grant(id, groups);
    const [[row]] = (await dataSource.query(
      `UPDATE workers SET credential_expires_at = now() + $2 * interval '1 millisecond' WHERE id = $1 RETURNING name`,
      [id, tokenLifetimeMs],
    )) as [{ name: string }[], number];
    const expiresAt = new Date(Date.now() + tokenLifetimeMs);
    const token = await tokens.sign('worker', { subject: id, id }, expiresAt);
    return {
      uuid: id,
      name: row?.name ?? '',
      token,
      expires_at: expiresAt.toISOString(),
      expires_in_ms: tokenLifetimeMs,
      queue: { ...queue },
      heartbeat_ms: presence.heartbeatMs,
    };
  }
}
