import { z } from 'zod';
import { NewPassword } from './auth.js';
import { PageSize } from './conditions.js';
import { Name, Timestamp, Uuid } from './fields.js';

const ACCOUNT_STATES = ['active', 'locked', 'deleted'] as const;

/** Of users and groups. A locked one can be seen and does nothing; a deleted one is gone for good. */
export const AccountState = z.enum(ACCOUNT_STATES);
export type AccountState = z.output<typeof AccountState>;

/** A new value of a quota, or a difference to the present one. */
export const QuotaChange = z.union([z.strictObject({ set: z.int().min(0) }), z.strictObject({ add: z.int() })]);

/** The body of `POST /users`. */
export const CreateUser = z.strictObject({
  username: Name,
  password: NewPassword,
  is_admin: z.boolean().default(false),
});
export type CreateUser = z.output<typeof CreateUser>;
export type CreateUserInput = z.input<typeof CreateUser>;

/** The body of `PATCH /users/:username`. */
export const UpdateUser = z.strictObject({
  state: z.enum(['active', 'locked']).optional(),
  is_admin: z.boolean().optional(),
  /** Groups that the user may have created, the own one included. */
  group_quota: QuotaChange.optional(),
});
export type UpdateUser = z.output<typeof UpdateUser>;

/** The body of `PUT /users/:username/password`. */
export const ResetPassword = z.strictObject({ password: NewPassword });

export const UserView = z.object({
  uuid: Uuid,
  username: z.string(),
  state: AccountState,
  is_admin: z.boolean(),
  group_quota: z.int(),
  created_at: Timestamp,
});
export type UserView = z.output<typeof UserView>;

const PAGE = {
  limit: PageSize(),
  /** `next` of the page before. */
  after: Name.optional(),
};

export const UserQuery = z.strictObject({ state: AccountState.optional(), ...PAGE });
export type UserQuery = z.output<typeof UserQuery>;
export const UserPage = z.object({ users: z.array(UserView), next: z.string().nullable() });
export type UserPage = z.output<typeof UserPage>;
