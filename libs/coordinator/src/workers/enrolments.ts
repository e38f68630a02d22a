import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { MitoError } from '@mitosis/domain';
import type { CreatedEnrolment, CreateEnrolment, EnrolmentView } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { demand } from '../auth/demand.js';
import { drawSecret, ENROLMENT_PREFIX, hashSecret } from '../auth/secrets.js';
import { findGroups, type GroupUse } from '../groups/find-group.js';

interface EnrolmentRow {
  readonly id: string;
  readonly creator_id: string;
  readonly groups: string[];
  readonly tags: string[];
  readonly labels: string[];
  readonly is_usable: boolean;
}

/** Bringing up workers that run the tasks of a group. */
export const SERVE: GroupUse = {
  action: 'worker.register',
  what: 'bringing up workers',
  field: 'groups',
  isNew: true,
};

/**
 * What a code allows: a new worker, or, when the same request
 * came before and its worker has not stopped, that one again.
 */
export type EnrolmentUse =
  | { readonly earlier: string }
  | {
      readonly earlier?: undefined;
      readonly enrolment: {
        readonly id: string;
        readonly creatorId: string;
        readonly groups: string[];
        readonly tags: string[];
        readonly labels: string[];
      };
    };

/** Takes one use of a code. The row is locked first: of many at once exactly as many succeed as there are uses. */
export async function useEnrolment(tx: EntityManager, code: string, request: string): Promise<EnrolmentUse> {
  const invalid = new MitoError('unauthenticated', 'invalid_code', 'the enrolment code is invalid, used up or expired');
  const [locked] = (await tx.query('SELECT id FROM enrolments WHERE code_hash = $1 FOR UPDATE', [
    hashSecret(code),
  ])) as { id: string }[];
  if (!locked) throw invalid;
  const [enrolment] = (await tx.query(
    `SELECT e.id, e.creator_id, e.tags, e.labels,
       e.revoked_at IS NULL AND e.expires_at > clock_timestamp() AND e.uses < e.uses_max AS is_usable,
       (SELECT coalesce(array_agg(g.name), '{}') FROM groups g WHERE g.id = ANY (e.group_ids)) AS groups
     FROM enrolments e WHERE e.id = $1`,
    [locked.id],
  )) as [EnrolmentRow];
  const [earlier] = (await tx.query(
    `SELECT id FROM workers WHERE enrolment_id = $1 AND enrol_request = $2 AND state <> 'gone'`,
    [enrolment.id, request],
  )) as { id: string }[];
  if (earlier) return { earlier: earlier.id };
  if (!enrolment.is_usable) throw invalid;
  await tx.query('UPDATE enrolments SET uses = uses + 1 WHERE id = $1', [enrolment.id]);
  // The request of a worker that is gone is that of its successor from now on.
  await tx.query('UPDATE workers SET enrol_request = NULL WHERE enrolment_id = $1 AND enrol_request = $2', [
    enrolment.id,
    request,
  ]);
  const { id, creator_id: creatorId, groups, tags, labels } = enrolment;
  return { enrolment: { id, creatorId, groups, tags, labels } };
}

const VIEW = `
  SELECT e.id AS uuid, e.tags, e.labels, e.uses, e.uses_max, e.created_at, e.expires_at,
    (SELECT coalesce(array_agg(g.name ORDER BY g.name), '{}') FROM groups g WHERE g.id = ANY (e.group_ids)) AS groups
  FROM enrolments e`;

type ViewRow = Omit<EnrolmentView, 'created_at' | 'expires_at'> & { created_at: Date; expires_at: Date };

function toView(row: ViewRow): EnrolmentView {
  return { ...row, created_at: row.created_at.toISOString(), expires_at: row.expires_at.toISOString() };
}

/** The address of the coordinator for other machines, and the pin of the key that they find there. */
export interface Reach {
  readonly address?: string;
  readonly pin?: string;
}

/** Codes with which workers register without a password, made by people with `write` in the groups. */
export class Enrolments {
  constructor(
    private readonly deps: {
      readonly dataSource: DataSource;
      readonly audit: AuditLog;
      /** Where workers on other machines reach this coordinator. */
      readonly reach: () => Reach;
    },
  ) {}

  async create(actor: UserActor, wanted: CreateEnrolment): Promise<CreatedEnrolment> {
    const code = drawSecret(ENROLMENT_PREFIX);
    return this.deps.dataSource.transaction(async (tx) => {
      const groups = await findGroups(tx, actor, new Set(wanted.groups ?? [actor.username]), SERVE);
      const id = uuidv7();
      await tx.query(
        `INSERT INTO enrolments (id, creator_id, code_hash, group_ids, tags, labels, uses_max, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8 * interval '1 millisecond')`,
        [
          id,
          actor.userId,
          hashSecret(code),
          groups.map((group) => group.id),
          wanted.tags,
          wanted.labels,
          wanted.uses,
          wanted.expires_in_ms,
        ],
      );
      const names = groups.map(({ name }) => name);
      await this.deps.audit.record(tx, 'enrolments.create', `enrolment ${id}`, { groups: names, uses: wanted.uses });
      const [row] = (await tx.query(`${VIEW} WHERE e.id = $1`, [id])) as [ViewRow];
      return { ...toView(row), code, ...this.deps.reach() };
    });
  }

  /** Those that can still be used, the caller's own. */
  async list(actor: UserActor): Promise<EnrolmentView[]> {
    demand(actor, { action: 'enrolment.manage' });
    const rows = (await this.deps.dataSource.query(
      `${VIEW} WHERE e.creator_id = $1 AND e.revoked_at IS NULL AND e.expires_at > now() AND e.uses < e.uses_max
       ORDER BY e.id DESC LIMIT 1000`,
      [actor.userId],
    )) as ViewRow[];
    return rows.map(toView);
  }

  /** Throws `enrolment_not_found`, also for a code of somebody else. Workers that used it stay. */
  async revoke(actor: UserActor, id: string): Promise<void> {
    demand(actor, { action: 'enrolment.manage' });
    await this.deps.dataSource.transaction(async (tx) => {
      const [rows] = (await tx.query(
        `UPDATE enrolments SET revoked_at = now()
         WHERE id = $1 AND revoked_at IS NULL AND (creator_id = $2 OR $3) RETURNING id`,
        [id, actor.userId, actor.isAdmin && actor.scope === undefined],
      )) as [unknown[], number];
      if (rows.length === 0)
        throw new MitoError('not-found', 'enrolment_not_found', `you have no enrolment code ${id}`);
      await this.deps.audit.record(tx, 'enrolments.revoke', `enrolment ${id}`);
    });
  }
}
