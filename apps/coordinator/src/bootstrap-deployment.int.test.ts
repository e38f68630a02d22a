import { access } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MitosisClient } from '@mitosis/client';
import { CoordinatorConfig } from '@mitosis/config';
import { createDataSource } from '@mitosis/database';
import { fileScope, freshDatabase, silentLog, tempDir } from '@mitosis/testing';
import { bootstrapDeployment } from './bootstrap-deployment.js';
import { createCoordinator } from './create-coordinator.js';

const file = fileScope(test);
const ADA = { username: 'ada', password: 'correct horse battery' };

async function startOn(
  t: ExecutionContext,
  databaseUrl: string,
): Promise<{ readonly url: string; readonly stateDir: string }> {
  const stateDir = await tempDir(file);
  const coordinator = await createCoordinator(
    CoordinatorConfig.parse({ bind: '127.0.0.1:0', db_url: databaseUrl, state_dir: stateDir }),
    silentLog,
  );
  t.teardown(() => coordinator.stop());
  await coordinator.start();
  return { url: coordinator.url, stateDir };
}

test('an empty database gets its first administrator, and the first coordinator makes none of its own', async (t) => {
  const databaseUrl = await freshDatabase(file);
  await bootstrapDeployment(databaseUrl, ADA);
  const { url, stateDir } = await startOn(t, databaseUrl);
  await t.throwsAsync(access(path.join(stateDir, 'admin-password')), { code: 'ENOENT' });
  const { token } = await new MitosisClient({ url }).login(ADA.username, ADA.password);
  const { access: api } = new MitosisClient({ url, token });
  t.deepEqual(
    (await api.users()).users.map(({ username, is_admin }) => ({ username, is_admin })),
    [{ username: 'ada', is_admin: true }],
  );
  const { entries } = await api.audit({ action: ['admin.bootstrap'] });
  t.deepEqual(
    entries.map(({ object, actor_kind, outcome }) => ({ object, actor_kind, outcome })),
    [{ object: 'user ada', actor_kind: 'system', outcome: 'done' }],
  );
  await t.throwsAsync(bootstrapDeployment(databaseUrl, { ...ADA, username: 'eve' }), {
    code: 'admin_exists',
    message: /"ada" is an administrator already/,
  });
});

test('where a coordinator has made an administrator there is nothing left to do', async (t) => {
  const databaseUrl = await freshDatabase(file);
  await startOn(t, databaseUrl);
  await t.throwsAsync(bootstrapDeployment(databaseUrl, ADA), { code: 'admin_exists' });
});

test('of ten at once exactly one becomes the administrator', async (t) => {
  const databaseUrl = await freshDatabase(file);
  const tries = Array.from({ length: 10 }, (_, index) =>
    bootstrapDeployment(databaseUrl, { ...ADA, username: `ada${index}` }),
  );
  const outcomes = await Promise.allSettled(tries);
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  const dataSource = createDataSource({ url: databaseUrl });
  await dataSource.initialize();
  t.is(((await dataSource.query('SELECT 1 FROM users')) as unknown[]).length, 1);
  await dataSource.destroy();
});

const refuses = test.macro(async (t, admin: typeof ADA, message: RegExp) => {
  await t.throwsAsync(bootstrapDeployment('postgres://nowhere.invalid/db', admin), {
    code: 'invalid_request',
    message,
  });
});
test(
  'a password that is too short is refused before the database is touched',
  refuses,
  { ...ADA, password: 'short' },
  /^password: must have at least 8 bytes/,
);
test('a name that can not be is refused', refuses, { ...ADA, username: 'a b' }, /^username: /);
