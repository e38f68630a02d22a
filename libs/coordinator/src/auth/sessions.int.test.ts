import test from 'ava';
import type { DataSource } from 'typeorm';
import { createDataSource, migrate, User } from '@mitosis/database';
import { fileScope, freshDatabase, silentLog, tempDir } from '@mitosis/testing';
import { createUser } from '../access/bootstrap-admin.js';
import { AuditLog } from '../audit/audit-log.js';
import { loadKeyPair } from './key-pair.js';
import { LoginGuard } from './login-guard.js';
import { Passwords } from './passwords.js';
import { Sessions } from './sessions.js';
import { Tokens } from './tokens.js';

const file = fileScope(test);
const PASSWORD = 'correct horse battery';
const COST = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

/** What each login was compared with. */
const compared: string[] = [];
let dataSource: DataSource;
let sessions: Sessions;

test.before(async () => {
  dataSource = createDataSource({ url: await freshDatabase(file), poolSize: 4 });
  file.teardown(() => dataSource.destroy());
  await dataSource.initialize();
  await migrate(dataSource);
  const passwords = new Passwords({ onVerify: (stored) => compared.push(stored) });
  const tokens = new Tokens(await loadKeyPair(await tempDir(file)));
  const audit = new AuditLog({ dataSource, log: silentLog, retentionMs: 1_000 });
  sessions = new Sessions({
    dataSource,
    tokens,
    passwords,
    guard: new LoginGuard(dataSource),
    audit,
    lifetimeMs: 60_000,
  });
  for (const username of ['active', 'locked', 'deleted']) {
    const passwordHash = await passwords.hash(PASSWORD);
    const { id } = await dataSource.transaction((tx) =>
      createUser(tx, { username, passwordHash, isAdmin: false, queuedTasksMax: undefined }),
    );
    await dataSource.getRepository(User).update({ id }, { state: username as User['state'] });
  }
});

const refused = test.macro(async (t, username: string, password: string) => {
  compared.length = 0;
  await t.throwsAsync(sessions.login(username, password), {
    code: 'wrong_credentials',
    message: 'the user name or the password is wrong',
  });
  t.is(compared.length, 1, 'one comparison');
  t.regex(compared[0] ?? '', COST);
});
test.serial('a wrong password costs one hash', refused, 'active', 'not the password');
test.serial('a user who does not exist costs the same hash and says the same', refused, 'nobody', PASSWORD);
test.serial(
  'a locked user with the right password costs the same hash and is told the same',
  refused,
  'locked',
  PASSWORD,
);
test.serial(
  'a deleted user with the right password costs the same hash and is told the same',
  refused,
  'deleted',
  PASSWORD,
);

test.serial('who gives the right password is let in', async (t) => {
  compared.length = 0;
  t.is((await sessions.login('active', PASSWORD)).username, 'active');
  t.is(compared.length, 1);
});
