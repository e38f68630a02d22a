import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MitoError, systemError } from '@mitosis/domain';
import { readOwnText } from './files/read-input.js';

/** One login of one user at one coordinator. */
export interface Credential {
  readonly coordinator: string;
  readonly user: string;
  readonly token: string;
  readonly expires_at: string;
  /** The key that the coordinator had to have at the login. */
  readonly pin?: string | undefined;
}

type Login = Pick<Credential, 'coordinator' | 'user'>;

interface Stored {
  readonly logins: readonly Credential[];
  /** Coordinators at which somebody has logged out and nobody has logged in since. */
  readonly nobody_at: readonly string[];
}

function parse(text: string): Stored {
  try {
    const { logins, nobody_at: nobodyAt } = JSON.parse(text) as Partial<Stored>;
    return { logins: Array.isArray(logins) ? logins : [], nobody_at: Array.isArray(nobodyAt) ? nobodyAt : [] };
  } catch {
    // A file that can't be read as credentials holds none: the next login writes it again.
    return { logins: [], nobody_at: [] };
  }
}

/** Addresses were once kept with a slash at their end. */
const sameAddress = (one: string, other: string): boolean => one.replace(/\/+$/, '') === other.replace(/\/+$/, '');

/**
 * Logins kept between commands, in a file of mode 0600; the latest of a coordinator comes first, and is who one
 * is there. Nobody becomes somebody else because a login has ended: only `--user` asks for an earlier one.
 */
export class Credentials {
  constructor(private readonly file: string) {}

  /** The login at `coordinator` that has not expired: that of `user`, or of whoever logged in last. */
  async find(coordinator: string, user: string | undefined, now: number = Date.now()): Promise<Credential | undefined> {
    const { logins, nobody_at: nobodyAt } = await this.read();
    const here = logins.filter((login) => sameAddress(login.coordinator, coordinator));
    if (user === undefined && nobodyAt.some((address) => sameAddress(address, coordinator))) return undefined;
    const login = user === undefined ? here[0] : here.find((known) => known.user === user);
    return login && Date.parse(login.expires_at) > now ? login : undefined;
  }

  /** The key that the coordinator at this address had to have at the last login. */
  async pinAt(coordinator: string): Promise<string | undefined> {
    const { logins } = await this.read().catch(() => ({ logins: [] }));
    return logins.find((login) => sameAddress(login.coordinator, coordinator))?.pin;
  }

  /** Others who have a login at `coordinator` that has not expired. */
  async others({ coordinator, user }: Login, now: number = Date.now()): Promise<string[]> {
    const logins = (await this.read()).logins.filter((login) => sameAddress(login.coordinator, coordinator));
    return logins
      .filter((login) => login.user !== user && Date.parse(login.expires_at) > now)
      .map((login) => login.user);
  }

  async save(login: Credential): Promise<void> {
    const before = await this.read();
    await this.write({
      logins: [login, ...without(before.logins, login)],
      nobody_at: before.nobody_at.filter((address) => !sameAddress(address, login.coordinator)),
    });
  }

  /** As {@link save}, for a command that can do without: a folder that can't be written is said, and costs no more. */
  async keep(login: Credential, note: (text: string) => void): Promise<void> {
    try {
      await this.save(login);
    } catch (error) {
      if (!(error instanceof MitoError)) throw error;
      note(`mito: the next command has to log in again: ${error.message}`);
    }
  }

  /** Whoever logs out is nobody there until the next login. */
  async remove(login: Login): Promise<void> {
    const { logins, nobody_at: before } = await this.read();
    const [current] = logins.filter(({ coordinator }) => sameAddress(coordinator, login.coordinator));
    const rest = before.filter((address) => !sameAddress(address, login.coordinator));
    const nobodyAt = current?.user === login.user || rest.length < before.length ? [...rest, login.coordinator] : rest;
    await this.write({ logins: without(logins, login), nobody_at: nobodyAt });
  }

  private async write(stored: Stored): Promise<void> {
    const draft = `${this.file}.${process.pid}.new`;
    try {
      await mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
      await writeFile(draft, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600 });
      await rename(draft, this.file);
    } catch (error) {
      throw unusable(error);
    }
  }

  private async read(): Promise<Stored> {
    try {
      return parse((await readOwnText(this.file)) ?? '{}');
    } catch (error) {
      throw unusable(error);
    }
  }
}

/** What keeps the file from being used, with the way out. */
function unusable(error: unknown): unknown {
  const known = systemError(error);
  if (known === undefined) return error;
  const { kind, code, message } = known;
  const wayOut = 'Or name another file with --credential-path or MITO_CREDENTIAL_PATH.';
  return new MitoError(kind, code, `${message} ${wayOut}`, { cause: error });
}

function without(logins: readonly Credential[], { coordinator, user }: Login): Credential[] {
  return logins.filter((login) => !sameAddress(login.coordinator, coordinator) || login.user !== user);
}
