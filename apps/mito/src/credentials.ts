import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** One login of one user at one coordinator. */
export interface Credential {
  readonly coordinator: string;
  readonly user: string;
  readonly token: string;
  readonly expires_at: string;
}

function parse(text: string): Credential[] {
  try {
    const parsed = JSON.parse(text) as { logins?: Credential[] };
    return Array.isArray(parsed.logins) ? parsed.logins : [];
  } catch {
    // A file that can't be read as credentials holds none: the next login writes it anew.
    return [];
  }
}

/** Logins kept between commands, in a file of mode 0600; the latest of a coordinator comes first. */
export class Credentials {
  constructor(private readonly file: string) {}

  /** The login at `coordinator` that has not expired: that of `user`, or the latest. */
  async find(coordinator: string, user: string | undefined, now: number = Date.now()): Promise<Credential | undefined> {
    const logins = (await this.read()).filter(({ expires_at }) => Date.parse(expires_at) > now);
    return logins.find((login) => login.coordinator === coordinator && (user === undefined || login.user === user));
  }

  async save(login: Credential): Promise<void> {
    await this.write([login, ...(await this.readOthers(login))]);
  }

  async remove(login: Pick<Credential, 'coordinator' | 'user'>): Promise<void> {
    await this.write(await this.readOthers(login));
  }

  private async readOthers(login: Pick<Credential, 'coordinator' | 'user'>): Promise<Credential[]> {
    return (await this.read()).filter(
      ({ coordinator, user }) => coordinator !== login.coordinator || user !== login.user,
    );
  }

  private async write(logins: readonly Credential[]): Promise<void> {
    await mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
    const draft = `${this.file}.${process.pid}.new`;
    await writeFile(draft, `${JSON.stringify({ logins }, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, this.file);
  }

  private async read(): Promise<Credential[]> {
    try {
      return parse(await readFile(this.file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
