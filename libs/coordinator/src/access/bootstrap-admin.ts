import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Not, type DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { migrate, User } from '@mitosis/database';
import { MitoError, type Log } from '@mitosis/domain';
import { recordChange } from '../audit/audit-log.js';
import { Passwords } from '../auth/passwords.js';
import { insertGroup, nameTaken, type NewGroup } from '../groups/insert-group.js';

export interface FirstAdmin {
  readonly username: string;
  /** Generated when not given. */
  readonly password?: string | undefined;
  /** Where a generated password is written, mode 0600. */
  readonly passwordFile: string;
  /** Of the administrator's own group: how many of its tasks may wait at a time. */
  readonly queuedTasksMax?: number | undefined;
}

type NewUser = Pick<User, 'username' | 'passwordHash' | 'isAdmin'> & Pick<NewGroup, 'queuedTasksMax'>;

/** Creates a user with the group of the same name, in which the user has the role admin. Throws `name_taken` (409). */
export async function createUser(tx: EntityManager, user: NewUser): Promise<User> {
  const id = uuidv7();
  const rows = (await tx.query(
    `INSERT INTO users (id, username, password_hash, is_admin) VALUES ($1, $2, $3, $4)
     ON CONFLICT (username) DO NOTHING RETURNING id`,
    [id, user.username, user.passwordHash, user.isAdmin],
  )) as unknown[];
  if (rows.length === 0) throw nameTaken(user.username, 'username');
  await insertGroup(tx, { name: user.username, creatorId: id, queuedTasksMax: user.queuedTasksMax });
  return tx.getRepository(User).findOneByOrFail({ id });
}

/** So that of two at once one creates the administrator and the other one sees it. */
async function lockUsers(tx: EntityManager): Promise<void> {
  await tx.query('LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE');
}

async function insertAdmin(tx: EntityManager, admin: Omit<NewUser, 'isAdmin'>): Promise<void> {
  await createUser(tx, { ...admin, isAdmin: true });
  await recordChange(tx, 'admin.bootstrap', `user ${admin.username}`, { is_admin: true });
}

/**
 * Creates the first administrator when there is no user yet. There is no default password: one
 * is generated and written to a file before the user exists, so that it can't be lost.
 */
export async function bootstrapAdmin(
  dataSource: DataSource,
  passwords: Passwords,
  admin: FirstAdmin,
  log: Log,
): Promise<void> {
  await dataSource.transaction(async (tx) => {
    await lockUsers(tx);
    if (await tx.getRepository(User).exists()) return;
    const password = admin.password ?? randomBytes(18).toString('base64url');
    if (admin.password === undefined)
      await writeFile(admin.passwordFile, `${password}\n`, { mode: 0o600, flush: true });
    const { username, queuedTasksMax } = admin;
    await insertAdmin(tx, { username, passwordHash: await passwords.hash(password), queuedTasksMax });
    const where = admin.password === undefined ? admin.passwordFile : 'the configuration';
    log.info({ username: admin.username, password_from: where }, 'created the first administrator');
  });
}

/**
 * Creates an administrator of a deployment that has none, with the database alone: also before the first
 * coordinator starts, and then that one generates no password. Throws `admin_exists` and `name_taken` (409).
 */
export async function createFirstAdmin(
  dataSource: DataSource,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<void> {
  const passwordHash = await new Passwords().hash(password);
  await migrate(dataSource);
  await dataSource.transaction(async (tx) => {
    await lockUsers(tx);
    const admin = await tx.getRepository(User).findOneBy({ isAdmin: true, state: Not('deleted') });
    if (admin) {
      throw new MitoError(
        'conflict',
        'admin_exists',
        `"${admin.username}" is an administrator already; administrators create others with "mito admin users create ` +
          '--admin"',
      );
    }
    await insertAdmin(tx, { username, passwordHash, queuedTasksMax: undefined });
  });
}
