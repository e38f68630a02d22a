import type { Readable, Writable } from 'node:stream';
import { MitosisClient } from '@mitosis/client';
import type { ClientConfig } from '@mitosis/config';
import type { Credential } from './credentials.js';
import { readSecret } from './files/read-input.js';
import { ask } from './output/ask.js';

export interface Person {
  readonly stdin: Readable;
  readonly stderr: Writable;
}

/** The password from the settings or a file; undefined when there is none. */
export async function knownPassword({ password, password_file }: ClientConfig): Promise<string | undefined> {
  return password_file === undefined ? password : readSecret(password_file, '--password-file');
}

/** Logs in with what is known, and asks the person for the rest. */
export async function signIn(settings: ClientConfig, { stdin, stderr }: Person): Promise<Credential> {
  const { coordinator_addr: coordinator } = settings;
  const username =
    settings.user ??
    (await ask(stdin, stderr, {
      message: 'User name',
      isSecret: false,
      instead: 'name the user with --user or MITO_USER',
    }));
  const password =
    (await knownPassword(settings)) ??
    (await ask(stdin, stderr, {
      message: 'Password',
      isSecret: true,
      instead: 'set MITO_PASSWORD or use --password-file',
    }));
  const session = await new MitosisClient({ url: coordinator }).login(username, password);
  return {
    coordinator,
    user: session.username,
    token: session.token,
    expires_at: session.expires_at,
    pin: settings.pin,
  };
}
