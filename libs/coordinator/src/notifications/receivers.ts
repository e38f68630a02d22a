import { randomBytes } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { invalidField, MitoError, STUCK_AFTER_MS } from '@mitosis/domain';
import {
  RECEIVER_LIMITS,
  type ChangeReceiver,
  type CreatedReceiver,
  type CreateReceiver,
  type DeliveryPage,
  type DeliveryQuery,
  type DeliveryView,
  type ReceiverView,
} from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { demand } from '../auth/demand.js';
import { findGroup } from '../groups/find-group.js';
import { iso } from '../kernel/iso.js';
import { untilChanged } from '../kernel/until-changed.js';
import { seal } from '../secrets/seal.js';
import { placeOfReceiver, type Target } from './channels/channel.js';
import type { Notice } from './notice.js';
import type { Sender } from './sender.js';

export interface ReceiversDeps {
  readonly dataSource: DataSource;
  /** 256 bits that are not in the database. */
  readonly key: Buffer;
  readonly sender: Sender;
  readonly isMailConfigured: boolean;
  /** Names of the programs that receivers of the kind `command` may name. */
  readonly commands: readonly string[];
}

interface Owner {
  readonly userId: string | null;
  readonly groupId: string | null;
}

const VIEW = `
  SELECT r.id AS uuid, g.name AS group, r.name, r.kind, r.shown AS target, r.events AS on,
    r.stuck_after_ms::float8 AS stuck_after_ms, r.per_hour, r.is_paused,
    ${iso('r.created_at')} AS created_at, r.trouble,
    (SELECT count(*)::int FROM messages m WHERE m.receiver_id = r.id AND m.state = 'waiting') AS waiting
  FROM receivers r LEFT JOIN groups g ON g.id = r.group_id`;

const DELIVERY = `
  SELECT m.id AS uuid, m.event, m.subject_id AS subject, m.title, m.state, m.attempts, m.status,
    ${iso('m.created_at')} AS created_at, ${iso('m.attempted_at')} AS attempted_at, m.seq
  FROM messages m`;

/** How long a test message is waited for: one attempt. */
const TEST_WAIT_MS = 20_000;
const RECHECK_MS = 5_000;
/** Of a person, whatever the receiver: a test sends at once, so that it could be used against somebody else. */
const TESTS_PER_HOUR = 60;

function tooManyTests({ msBeforeNext }: RateLimiterRes): MitoError {
  const seconds = Math.max(Math.ceil(msBeforeNext / 1000), 1);
  const message = `at most ${TESTS_PER_HOUR} tests an hour; try again in ${seconds} s`;
  return new MitoError('rate-limited', 'too_many_tests', message, { details: { retry_after_s: seconds } });
}

const TEST_NOTICE: Notice = {
  event: 'test',
  title: 'This is a test of Mitosis',
  subject: null,
  used: null,
  failures: [],
  other_failures: 0,
  reason: null,
  link: null,
};

/** The receivers of people and groups. A person manages their own, administrators of a group those of the group. */
export class Receivers {
  private readonly tests: RateLimiterPostgres;

  constructor(private readonly deps: ReceiversDeps) {
    this.tests = new RateLimiterPostgres({
      storeClient: deps.dataSource,
      storeType: 'typeorm',
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix: 'notify-test',
      points: TESTS_PER_HOUR,
      duration: 3600,
    });
  }

  async list(actor: UserActor, group: string | undefined): Promise<ReceiverView[]> {
    const { userId, groupId } = await this.ownerFor(actor, group);
    return this.deps.dataSource.query(`${VIEW} WHERE r.user_id = $1 OR r.group_id = $2 ORDER BY r.name`, [
      userId,
      groupId,
    ]);
  }

  /** Throws `receiver_exists`, and `invalid_request` for a channel that the coordinator does not have. */
  async create(actor: UserActor, receiver: CreateReceiver): Promise<CreatedReceiver> {
    const { group, name, kind, target, on, stuck_after_ms: stuck, per_hour: perHour } = receiver;
    const owner = await this.ownerFor(actor, group);
    this.assertChannel(actor, receiver);
    const id = uuidv7();
    const key = kind === 'webhook' ? (receiver.key ?? `whsec_${randomBytes(32).toString('base64')}`) : null;
    const secret: Target = { to: target, ...(key !== null && { key }) };
    const sealed = seal(this.deps.key, placeOfReceiver(id), JSON.stringify(secret));
    const shown = kind === 'webhook' || kind === 'slack' ? new URL(target).host : target;
    await this.deps.dataSource.transaction(async (tx) => {
      await assertRoom(tx, owner);
      const added = (await tx.query(
        `INSERT INTO receivers (id, user_id, group_id, name, kind, shown, sealed, events, stuck_after_ms, per_hour)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
        [id, owner.userId, owner.groupId, name, kind, shown, sealed, on, stuckOf(on, stuck), perHour],
      )) as unknown[];
      if (added.length === 0) {
        const message = `there is a receiver "${name}" already; choose another name`;
        throw new MitoError('conflict', 'receiver_exists', message, { details: { field: 'name' } });
      }
      await recordRequest(tx, `receiver ${id}`, { name, kind, target: shown, ...(group !== undefined && { group }) });
    });
    return { ...(await this.view(id)), key };
  }

  async change(actor: UserActor, uuid: string, change: ChangeReceiver): Promise<ReceiverView> {
    await this.assertOwned(actor, uuid);
    const { on, stuck_after_ms: stuck, per_hour: perHour, is_paused: isPaused } = change;
    await this.deps.dataSource.transaction(async (tx) => {
      await tx.query(
        `UPDATE receivers SET events = coalesce($2, events),
           stuck_after_ms = CASE WHEN $2::text[] IS NULL THEN stuck_after_ms ELSE $3 END,
           per_hour = coalesce($4, per_hour), is_paused = coalesce($5, is_paused),
           retry_at = CASE WHEN $5 IS FALSE THEN now() ELSE retry_at END
         WHERE id = $1`,
        [uuid, on ?? null, on ? stuckOf(on, stuck) : null, perHour ?? null, isPaused ?? null],
      );
      await recordRequest(tx, `receiver ${uuid}`, { ...change });
    });
    this.deps.sender.wake();
    return this.view(uuid);
  }

  async delete(actor: UserActor, uuid: string): Promise<void> {
    await this.assertOwned(actor, uuid);
    await this.deps.dataSource.transaction(async (tx) => {
      await tx.query('DELETE FROM receivers WHERE id = $1', [uuid]);
      await recordRequest(tx, `receiver ${uuid}`);
    });
  }

  /** Sends a test message; responds when it was attempted, and with how it stands when that takes too long. */
  async test(actor: UserActor, uuid: string, signal: AbortSignal): Promise<DeliveryView> {
    await this.assertOwned(actor, uuid);
    await this.tests.consume(actor.userId).catch((error: unknown) => {
      throw error instanceof RateLimiterRes ? tooManyTests(error) : error;
    });
    const { dataSource, sender } = this.deps;
    const id = uuidv7();
    await dataSource.transaction(async (tx) => {
      await tx.query(`INSERT INTO messages (id, receiver_id, event, title, content) VALUES ($1, $2, 'test', $3, $4)`, [
        id,
        uuid,
        TEST_NOTICE.title,
        JSON.stringify(TEST_NOTICE),
      ]);
      await tx.query('UPDATE receivers SET retry_at = now() WHERE id = $1', [uuid]);
      await recordRequest(tx, `receiver ${uuid}`);
    });
    return untilChanged({
      watch: (changed) => {
        const stop = sender.onAttempt(changed);
        sender.wake();
        return { stop };
      },
      read: async () => {
        const [row] = (await dataSource.query(`${DELIVERY} WHERE m.id = $1`, [id])) as [DeliveryView];
        return row;
      },
      isDone: ({ attempts, state }) => attempts > 0 || state !== 'waiting',
      timeoutMs: TEST_WAIT_MS,
      recheckMs: RECHECK_MS,
      signal,
    });
  }

  /** Newest first. */
  async deliveries(actor: UserActor, uuid: string, { limit, after }: DeliveryQuery): Promise<DeliveryPage> {
    await this.assertOwned(actor, uuid);
    const rows = (await this.deps.dataSource.query(
      `${DELIVERY} WHERE m.receiver_id = $1 AND ($2::bigint IS NULL OR m.seq < $2) ORDER BY m.seq DESC LIMIT $3`,
      [uuid, after ?? null, limit + 1],
    )) as (DeliveryView & { seq: string })[];
    const page = rows.slice(0, limit);
    return { deliveries: page, next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
  }

  private async view(id: string): Promise<ReceiverView> {
    const [view] = (await this.deps.dataSource.query(`${VIEW} WHERE r.id = $1`, [id])) as [ReceiverView];
    return view;
  }

  private async ownerFor(actor: UserActor, group: string | undefined): Promise<Owner> {
    if (group === undefined) {
      demand(actor, { action: 'account.manage', userId: actor.userId });
      return { userId: actor.userId, groupId: null };
    }
    const what = 'managing the receivers of a group';
    const { id } = await findGroup(this.deps.dataSource, actor, group, { action: 'group.manage', what });
    return { userId: null, groupId: id };
  }

  /** Throws `receiver_not_found`, the same for one that does not exist and one of somebody else. */
  private async assertOwned(actor: UserActor, uuid: string): Promise<void> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT r.user_id, g.name AS group FROM receivers r LEFT JOIN groups g ON g.id = r.group_id WHERE r.id = $1`,
      [uuid],
    )) as { user_id: string | null; group: string | null }[];
    if (row?.user_id === actor.userId) return void (await this.ownerFor(actor, undefined));
    const missing = new MitoError('not-found', 'receiver_not_found', `you have no receiver ${uuid}`);
    if (row?.group == null) throw missing;
    await this.ownerFor(actor, row.group).catch((error: unknown) => {
      throw error instanceof MitoError && error.code === 'group_not_found' ? missing : error;
    });
  }

  private assertChannel(actor: UserActor, { kind, target }: CreateReceiver): void {
    const { isMailConfigured, commands } = this.deps;
    if (kind === 'mail' && !isMailConfigured)
      throw invalidField('kind', 'the coordinator sends no mail; its administrator sets smtp_url and smtp_from');
    if (kind !== 'command') return;
    if (!actor.isAdmin)
      throw new MitoError('forbidden', 'not_allowed', 'a command of the coordinator is for site administrators');
    if (!commands.includes(target))
      throw invalidField(
        'target',
        `the coordinator has no command "${target}"; notify_commands in its settings names them`,
      );
  }
}

const stuckOf = (on: readonly string[], stuck: number | undefined): number | null =>
  on.includes('stuck') ? (stuck ?? STUCK_AFTER_MS.default) : null;

async function assertRoom(tx: EntityManager, { userId, groupId }: Owner): Promise<void> {
  // Locked, so that of two that add the last one, one is refused.
  if (userId !== null) await tx.query('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
  else await tx.query('SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE', [groupId]);
  const [{ count }] = (await tx.query(
    'SELECT count(*)::int AS count FROM receivers WHERE user_id = $1 OR group_id = $2',
    [userId, groupId],
  )) as [{ count: number }];
  if (count < RECEIVER_LIMITS.each) return;
  throw new MitoError('conflict', 'too_many_receivers', `at most ${RECEIVER_LIMITS.each} receivers; delete one first`);
}
