import { z } from 'zod';
import { EnvName, ProcessString, Timestamp } from './fields.js';

/** Bounds of secrets. A short value could not be told from ordinary output, and masking it would betray it. */
export const SECRET_LIMITS = { charactersMin: 8, bytesMax: 32_768, ofTask: 32 } as const;

/** The name of a secret is that of the variable in which a task finds it. */
export const SecretName = EnvName.refine(
  (name) => !name.startsWith('MITO_'),
  'names that begin with MITO_ are those of Mitosis',
).refine((name) => name !== '__proto__', 'can not be a name in JSON');

/** The body of `PUT /groups/:name/secrets/:secret`. */
export const SetSecret = z.strictObject({
  value: ProcessString.refine(
    (value) => value.trim().length >= SECRET_LIMITS.charactersMin,
    `must have ${SECRET_LIMITS.charactersMin} characters at least: a shorter value could not be masked in logs`,
  ).refine(
    (value) => Buffer.byteLength(value) <= SECRET_LIMITS.bytesMax,
    `must not be longer than ${SECRET_LIMITS.bytesMax} bytes`,
  ),
});
export type SetSecret = z.output<typeof SetSecret>;

/** A secret as it is shown: never its value. */
export const SecretView = z.object({ name: z.string(), set_by: z.string(), set_at: Timestamp });
export type SecretView = z.output<typeof SecretView>;
export const SecretList = z.object({ secrets: z.array(SecretView) });

/** Names of secrets of the group that a task gets. */
export const TaskSecrets = z.array(SecretName).max(SECRET_LIMITS.ofTask);
