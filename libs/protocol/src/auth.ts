import { z } from 'zod';
import { Name, Timestamp, Uuid } from './fields.js';

export const Login = z.strictObject({
  username: Name,
  password: z.string().min(1).max(1024),
});

export const Session = z.object({ token: z.string(), username: z.string(), expires_at: Timestamp });
export type Session = z.output<typeof Session>;

/** The answer of `GET /auth`: who the token speaks for. */
export const Identity = z.object({ username: z.string(), is_admin: z.boolean(), user: Uuid });
export type Identity = z.output<typeof Identity>;
