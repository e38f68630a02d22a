import { z } from 'zod';
import { TOKEN_SCOPES } from '@mitosis/domain';
import { Label, Name, Timestamp, Uuid } from './fields.js';

const isLongEnough = (password: string): boolean => Buffer.byteLength(password) >= 8;
const isShortEnough = (password: string): boolean => Buffer.byteLength(password) <= 1024;

/** A new password: 8 to 1024 bytes of UTF-8, taken exactly as typed (ASVS 5.0, 6.2.8 and 6.2.9). */
export const NewPassword = z
  .string()
  .refine(isLongEnough, 'must have at least 8 bytes')
  .refine(isShortEnough, 'must have at most 1024 bytes');

export const Login = z.strictObject({
  username: Name,
  password: z.string().min(1).max(1024),
});

export const Session = z.object({ token: z.string(), username: z.string(), expires_at: Timestamp });
export type Session = z.output<typeof Session>;

/** The answer of `POST /auth/browser`: the token is in a cookie that scripts can't read. */
export const BrowserSession = Session.pick({ username: true, expires_at: true });
export type BrowserSession = z.output<typeof BrowserSession>;

/** The answer of `GET /auth`: who the token speaks for. */
export const Identity = z.object({ username: z.string(), is_admin: z.boolean(), user: Uuid });
export type Identity = z.output<typeof Identity>;

/** The body of `PUT /auth/password`; it ends every login of the user and returns a new one. */
export const ChangePassword = z.strictObject({
  current_password: z.string().min(1).max(1024),
  new_password: NewPassword,
});

export const TokenScopeName = z.enum(TOKEN_SCOPES);

/** A year. */
const TOKEN_LIFE_MAX_MS = 365 * 86_400_000;

/** The body of `POST /tokens`. */
export const CreateToken = z.strictObject({
  name: Label,
  scope: TokenScopeName,
  expires_in_ms: z
    .int()
    .min(1000)
    .max(TOKEN_LIFE_MAX_MS)
    .default(30 * 86_400_000),
});
export type CreateToken = z.output<typeof CreateToken>;
export type CreateTokenInput = z.input<typeof CreateToken>;

export const TokenView = z.object({
  uuid: Uuid,
  name: z.string(),
  scope: TokenScopeName,
  created_at: Timestamp,
  expires_at: Timestamp,
  last_used_at: Timestamp.nullable(),
});
export type TokenView = z.output<typeof TokenView>;

/** What is answered once, when a token is made. */
export const CreatedToken = TokenView.extend({ token: z.string() });
export type CreatedToken = z.output<typeof CreatedToken>;

export const TokenList = z.object({ tokens: z.array(TokenView) });
