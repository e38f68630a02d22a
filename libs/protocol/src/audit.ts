import { z } from 'zod';
import { CommaSeparated, GivenText, PageCursor, PageSize, PointInTime } from './conditions.js';
import { Timestamp, Uuid } from './fields.js';

const OUTCOMES = ['done', 'denied'] as const;

/** The query string of `GET /audit`; newest first. */
export const AuditQuery = z.strictObject({
  /** Name of a user, or uuid of a worker. */
  actor: GivenText().optional(),
  /** Ids of operations. */
  action: CommaSeparated(z.string()).optional(),
  /** Part of the object's name. */
  object: GivenText().optional(),
  outcome: z.enum(OUTCOMES).optional(),
  since: PointInTime.optional(),
  until: PointInTime.optional(),
  limit: PageSize(),
  after: PageCursor.optional(),
});
export type AuditQuery = z.output<typeof AuditQuery>;

export const AuditView = z.object({
  id: z.string(),
  at: Timestamp,
  actor_kind: z.enum(['anonymous', 'user', 'worker', 'system']),
  actor_id: Uuid.nullable(),
  actor: z.string(),
  action: z.string(),
  object: z.string(),
  outcome: z.enum(OUTCOMES),
  address: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type AuditView = z.output<typeof AuditView>;
export const AuditPage = z.object({ entries: z.array(AuditView), next: z.string().nullable() });
export type AuditPage = z.output<typeof AuditPage>;
