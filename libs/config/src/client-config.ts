import { z } from 'zod';
import { AddressSetting } from './fields.js';

/** `[client]` of the configuration file, and `MITO_<FIELD>` in the environment. */
export const ClientConfig = z.strictObject({
  coordinator_addr: AddressSetting.prefault('http://127.0.0.1:5000'),
  /** File with certificates (PEM) to trust besides the public ones. */
  ca: z.string().optional(),
  /** The key that the coordinator has to have, as curl writes it: `sha256//` and the SHA-256 of its public key. */
  pin: z.string().optional(),
  user: z.string().optional(),
  password: z.string().optional(),
  /** File whose first line is the password. */
  password_file: z.string().optional(),
  /** A token to use instead of the cached credentials. */
  token: z.string().optional(),
  /** Group that tasks are submitted to when none is named; the user's own when not set. */
  group: z.string().optional(),
  credential_path: z.string().optional(),
});
export type ClientConfig = z.output<typeof ClientConfig>;
