import { z } from 'zod';
import { NEED_LIMITS, ROLES } from '@mitosis/domain';
import { PageSize } from './conditions.js';
import { LIMITS, Name, Timestamp, Uuid } from './fields.js';
import { AccountState, QuotaChange } from './users.js';

export const RoleName = z.enum(ROLES);

/** The body of `POST /groups`. */
export const CreateGroup = z.strictObject({ name: Name });

/** The body of `PATCH /groups/:name`. */
export const UpdateGroup = z.strictObject({ state: z.enum(['active', 'locked']) });
export type UpdateGroup = z.output<typeof UpdateGroup>;

const TaskQuota = z.union([QuotaChange, z.null()]);

/** The body of `PUT /groups/:name/quotas`; null takes the limit away. */
export const UpdateQuotas = z.strictObject({
  queued_tasks_max: TaskQuota.optional(),
  running_tasks_max: TaskQuota.optional(),
  storage_quota_bytes: QuotaChange.optional(),
});
export type UpdateQuotas = z.output<typeof UpdateQuotas>;

/** The body of `PUT /groups/:name/limits`: what is left out stays as it is; null: what the deployment says. */
export const UpdateLimits = z
  .strictObject({
    timeout_default_ms: z.int().min(1).max(LIMITS.timeoutMs).nullable().optional(),
    timeout_max_ms: z.int().min(1).max(LIMITS.timeoutMs).nullable().optional(),
    retries_default: z.int().min(0).max(LIMITS.retries).nullable().optional(),
    retry_delay_default_ms: z.int().min(0).max(LIMITS.retryDelayMs).nullable().optional(),
    /** Cores and memory of tasks that ask for none. */
    cpus_default: z.int().min(0).max(NEED_LIMITS.cpus).nullable().optional(),
    mem_default_bytes: z.int().min(1).max(NEED_LIMITS.bytes).nullable().optional(),
  })
  .refine((limits) => Object.keys(limits).length > 0, 'name at least one');
export type UpdateLimits = z.output<typeof UpdateLimits>;

/** A group as its members see it. */
export const GroupView = z.object({
  uuid: Uuid,
  name: z.string(),
  creator: z.string(),
  state: AccountState,
  /** The caller's role; null for an administrator who is not a member. */
  role: RoleName.nullable(),
  queued_tasks_max: z.int().nullable(),
  running_tasks_max: z.int().nullable(),
  timeout_default_ms: z.int().nullable().default(null),
  timeout_max_ms: z.int().nullable().default(null),
  retries_default: z.int().nullable().default(null),
  retry_delay_default_ms: z.int().nullable().default(null),
  cpus_default: z.int().nullable().default(null),
  mem_default_bytes: z.int().nullable().default(null),
  storage_quota_bytes: z.int(),
  storage_used_bytes: z.int(),
  storage_reserved_bytes: z.int(),
  created_at: Timestamp,
});
export type GroupView = z.output<typeof GroupView>;

export const GroupQuery = z.strictObject({
  limit: PageSize(),
  after: Name.optional(),
});
export type GroupQuery = z.output<typeof GroupQuery>;
export const GroupPage = z.object({ groups: z.array(GroupView), next: z.string().nullable() });
export type GroupPage = z.output<typeof GroupPage>;

/** The roles of users in a group, by name. */
const byName = <R extends z.ZodEnum>(role: R) =>
  z
    .record(Name, role)
    .refine((roles) => Object.keys(roles).length > 0, 'name at least one')
    .refine((roles) => Object.keys(roles).length <= 1000, 'name at most 1000');
export const RolesByName = byName(RoleName);
/** A worker runs everything of a group, or nothing. */
export const WorkerRolesByName = byName(RoleName.exclude(['write-wasm'], { error: 'use read, write or admin' }));

/** The body of `PUT /groups/:name/members`: adds them or changes their roles; others stay as they are. */
export const UpdateMembers = z.strictObject({ members: RolesByName });

export const MemberList = z.object({
  members: z.array(z.object({ username: z.string(), role: RoleName, state: AccountState })),
});
export type MemberList = z.output<typeof MemberList>;
