import { MitoError } from '@mitosis/domain';
import { readSecret } from './files/read-input.js';
import { ask } from './output/ask.js';
import type { Person } from './sign-in.js';

/** A new password, from the command line, a file, or the person, who is asked twice. */
export async function newPassword(
  { stdin, stderr }: Person,
  { given, file }: { readonly given: string | undefined; readonly file: string | undefined },
): Promise<string> {
  if (file !== undefined) return readSecret(file, '--new-password-file');
  if (given !== undefined) return given;
  const instead = 'use --new-password-file';
  const first = await ask(stdin, stderr, { message: 'New password', isSecret: true, instead });
  const second = await ask(stdin, stderr, { message: 'New password again', isSecret: true, instead });
  if (first !== second) throw new MitoError('invalid', 'passwords_differ', 'the two passwords are not the same');
  return first;
}
