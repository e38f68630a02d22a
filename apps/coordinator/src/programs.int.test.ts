import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MitosisClient } from '@mitosis/client';
import { eventually, fileScope } from '@mitosis/testing';
import { distinctProgram } from './testing/access-scene.js';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const PASSWORD = 'correct horse battery staple';

const file = fileScope(test);
let coordinator: CoordinatorFixture;

test.before(async () => {
  // The collector looks as often as signed requests expire.
  coordinator = await coordinatorFixture(file, 'postgres', { signed_url_expires_in: '1s', program_retention: '1h' });
});

async function person(): Promise<MitosisClient & { readonly name: string }> {
  const { api, url } = coordinator;
  const name = `u${randomUUID().slice(0, 8)}`;
  await api.access.createUser({ username: name, password: PASSWORD });
  const { token } = await new MitosisClient({ url }).login(name, PASSWORD);
  return Object.assign(new MitosisClient({ url, token }), { name });
}

async function usage(group: string): Promise<{ used: number; reserved: number }> {
  const { storage_used_bytes: used, storage_reserved_bytes: reserved } = await coordinator.api.access.group(group);
  return { used, reserved };
}

/** Nobody has asked for the programs of a group for two hours. */
async function age(group: string): Promise<void> {
  await coordinator.database.query(
    `UPDATE programs SET used_at = now() - interval '2 hours' WHERE group_id = (SELECT id FROM groups WHERE name = $1)`,
    [group],
  );
}

async function assertStorageIsClean(t: ExecutionContext): Promise<void> {
  const report = await coordinator.api.files.checkStorage(false);
  t.deepEqual([report.objects_without_rows, report.rows_without_objects, report.groups_miscounted], [[], [], []]);
}

test('a program is charged to its group once, also when it is stored several times at once', async (t) => {
  const owner = await person();
  const bytes = await distinctProgram();
  await Promise.all([1, 2, 3].map(() => owner.programs.upload(bytes, { name: 'p' })));
  await owner.programs.upload(bytes, { name: 'p' });
  t.deepEqual(await usage(owner.name), { used: bytes.length, reserved: 0 });
  const other = await person();
  await other.programs.upload(bytes, { name: 'p' });
  t.deepEqual(await usage(other.name), { used: bytes.length, reserved: 0 }, 'each group has its own');
  await assertStorageIsClean(t);
});

test('a program that does not fit the quota is refused, also from an attachment, and leaves nothing', async (t) => {
  const owner = await person();
  const bytes = await distinctProgram();
  const source = path.join(coordinator.stateDir, randomUUID());
  await writeFile(source, bytes);
  await owner.files.uploadAttachment(owner.name, 'p.wasm', source);
  await coordinator.api.access.setQuotas(owner.name, { storage_quota_bytes: { set: 2 * bytes.length - 1 } });
  const refused = {
    code: 'storage_quota_exceeded',
    message: new RegExp(`has ${bytes.length - 1} of .* bytes left, ${bytes.length} are needed`),
  };
  await t.throwsAsync(owner.programs.upload(bytes, { name: 'p' }), refused);
  await t.throwsAsync(owner.programs.fromAttachment('p.wasm'), refused);
  t.deepEqual(await usage(owner.name), { used: bytes.length, reserved: 0 });
  t.deepEqual(await owner.programs.list(), []);
});

test('deleting a program makes room at once; while something uses it, it is refused', async (t) => {
  const owner = await person();
  const { sha256 } = await owner.programs.upload(await distinctProgram(), { name: 'p' });
  const { uuid } = await owner.workloads.submit({ name: 'p', sha256, params: {} });
  await t.throwsAsync(owner.programs.delete(sha256), { code: 'program_in_use' });
  await owner.workloads.cancel(uuid);
  const task = await owner.submitTask({ args: ['p'], wasm: { sha256 } });
  await t.throwsAsync(owner.programs.delete(sha256), { code: 'program_in_use' });
  await owner.cancelTask(task.uuid);
  await owner.programs.delete(sha256);
  t.deepEqual(await usage(owner.name), { used: 0, reserved: 0 });
  await t.throwsAsync(owner.programs.delete(sha256), { code: 'program_not_found' });
  await t.throwsAsync(owner.submitTask({ args: ['p'], wasm: { sha256 } }), { code: 'program_not_found' });
});

test('a program that nothing uses is collected after its time, one that something waits to run is kept', async (t) => {
  const owner = await person();
  const [idle, used] = [
    await owner.programs.upload(await distinctProgram(), { name: 'idle' }),
    await owner.programs.upload(await distinctProgram(), { name: 'used' }),
  ];
  const job = await owner.jobs.open({ tasks: [{ args: ['p'], wasm: { sha256: idle.sha256 } }] });
  await owner.jobs.cancel(job.uuid);
  await owner.submitTask({ args: ['p'], wasm: { sha256: used.sha256 } });
  await age(owner.name);
  const left = async (): Promise<string[]> => (await owner.programs.list()).map(({ name }) => name);
  await eventually(async () => (await left()).length === 1, { message: 'the collection' });
  t.deepEqual(await left(), ['used']);
  t.deepEqual(await usage(owner.name), { used: used.size_bytes, reserved: 0 });
  await t.throwsAsync(owner.jobs.retryFailed(job.uuid), { code: 'program_not_found' });
  const objects = async (): Promise<number> =>
    ((await coordinator.database.query('SELECT 1 FROM objects WHERE sha256 = $1', [idle.sha256])) as unknown[]).length;
  await eventually(async () => (await objects()) === 0, { message: 'the object is deleted' });
  await assertStorageIsClean(t);
});
