import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const started = coordinatorFixture(file, 'postgres', {
  // The collector looks as often.
  signed_url_expires_in: '3s',
});

interface Code {
  readonly sha256: string;
  readonly packs: readonly string[];
  read(sha256: string): Promise<Buffer>;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A folder with one file for each text, each in a pack of its own. */
function codeOf(...texts: readonly string[]): Code {
  const packs = texts.map((text, index) => ({ sha256: hashOf(text), pieces: [{ ...PIECE, path: `f${index}` }] }));
  const manifest = JSON.stringify({ version: 1, packs, links: [] });
  const contents = new Map([...texts, manifest].map((text) => [hashOf(text), text]));
  const read = async (sha256: string): Promise<Buffer> => gzipSync(contents.get(sha256) ?? '');
  return { sha256: hashOf(manifest), packs: packs.map(({ sha256 }) => sha256), read };
}

const PIECE = { size: 1, sha256: '0'.repeat(64), is_executable: false, offset: 0, length: 1 };

const refOf = ({ sha256 }: Code) => ({ sha256, files: 1, bytes: 1, folder: 'p', commit: 'c0ffee' });

test('code is sent once, changes once more, and a task that names it gets it at its claim', async (t) => {
  const coordinator = await started;
  const { api } = coordinator;
  const code = codeOf(randomUUID(), 'a');
  t.true((await api.code.store(code)) > 0);
  t.is(await api.code.store(code), 0, 'nothing is sent twice');
  const { uuid } = await api.submitTask({ args: ['true'], code: refOf(code) });
  t.like((await api.getTask(uuid)).code, { sha256: code.sha256, commit: 'c0ffee', is_dirty: null });
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  const { task, attempt, lease } = claimed;
  const given = await worker.inputs({ task, attempt, lease });
  t.is(given.code?.manifest.sha256, code.sha256);
  t.deepEqual(given.code?.packs.map(({ sha256 }) => sha256).sort(), [...code.packs].sort());
  const target = path.join(await tempDir(t), 'manifest');
  const { stored_sha256: sha256, size_bytes: sizeBytes, download } = given.code?.manifest ?? t.fail();
  await worker.download({ sha256, sizeBytes, sign: async () => download }, target);
  t.true((await readFile(target)).length > 0);
  t.like(await api.code.ofTask(uuid), { code: { sha256: code.sha256 }, manifest: { sha256: code.sha256 } });
  await worker.report([reportOf(claimed, 0)]);
});

test('a folder that was stored without its packs is whole once they are named', async (t) => {
  const coordinator = await started;
  const { api } = coordinator;
  const code = codeOf(randomUUID(), 'b');
  await api.code.store({ ...code, packs: [] });
  await api.code.store(code);
  await api.code.store({ ...code, packs: code.packs.slice(1) });
  const { uuid } = await api.submitTask({ args: ['true'], code: refOf(code) });
  const { packs } = await api.code.ofTask(uuid);
  t.deepEqual(packs.map(({ sha256 }) => sha256).sort(), [...code.packs].sort());
});

test('what a pack holds has to be what its name says', async (t) => {
  const { url, token } = await started;
  const put = (sha256: string, bytes: Uint8Array) =>
    fetch(`${url}/code/packs/${sha256}`, {
      method: 'PUT',
      body: bytes,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/gzip' },
    });
  const sha256 = createHash('sha256').update('x').digest('hex');
  t.is((await put(sha256, gzipSync('y'))).status, 400);
  t.is((await put(sha256, Buffer.from('x'))).status, 400);
  t.is((await put('zz', gzipSync('x'))).status, 400);
  t.is((await put(sha256, gzipSync(Buffer.alloc(64 * 2 ** 20)))).status, 400, 'it grows without bound');
  t.is((await put(sha256, gzipSync('x'))).status, 204);
  t.is((await put(sha256, gzipSync('x'))).status, 204, 'again');
});

test('a task can only start in code that its group has', async (t) => {
  const { api } = await started;
  const code = codeOf(randomUUID());
  await t.throwsAsync(api.submitTask({ args: ['true'], code: refOf(code) }), { code: 'code_not_found' });
  const group = `g${randomUUID().slice(0, 8)}`;
  await api.access.createGroup(group);
  await api.code.store(code, { group });
  await t.throwsAsync(api.submitTask({ args: ['true'], code: refOf(code) }), { code: 'code_not_found' });
  await t.notThrowsAsync(api.submitTask({ args: ['true'], group, code: refOf(code) }));
  const wasm = { sha256: '0'.repeat(64) };
  await t.throwsAsync(api.submitTask({ args: ['true'], group, wasm, code: refOf(code) }), {
    message: /working folder/,
  });
  const { uuid } = await api.submitTask({ args: ['true'] });
  await t.throwsAsync(api.code.ofTask(uuid), { code: 'code_not_found' });
});

test('code that no task refers to is collected, with its charge; the rest stays', async (t) => {
  const { api, database } = await started;
  const group = `g${randomUUID().slice(0, 8)}`;
  await api.access.createGroup(group);
  const [kept, gone] = [codeOf(randomUUID()), codeOf(randomUUID())];
  await api.code.store(kept, { group });
  await api.code.store(gone, { group });
  await api.submitTask({ args: ['true'], group, code: refOf(kept) });
  await database.query(`UPDATE code_trees SET used_at = now() - interval '100 days'`);
  await database.query(`UPDATE code_packs SET used_at = now() - interval '100 days'`);
  const rows = async (table: string): Promise<string[]> => {
    const found = (await database.query(
      `SELECT c.sha256 FROM ${table} c JOIN groups g ON g.id = c.group_id WHERE g.name = $1 ORDER BY 1`,
      [group],
    )) as { sha256: string }[];
    return found.map(({ sha256 }) => sha256);
  };
  await eventually(async () => (await rows('code_packs')).length === 2, { message: 'the collection' });
  t.deepEqual(await rows('code_packs'), [kept.sha256, ...kept.packs].sort());
  t.deepEqual(await rows('code_trees'), [kept.sha256]);
  const [charged] = (await database.query(
    `SELECT g.storage_used_bytes = sum(p.size_bytes) AS is_right FROM groups g JOIN code_packs p ON p.group_id = g.id
     WHERE g.name = $1 GROUP BY g.id`,
    [group],
  )) as { is_right: boolean }[];
  t.true(charged?.is_right);
});

test('an environment is kept with the task and its reruns; a wrong one is refused with its field', async (t) => {
  const coordinator = await started;
  const { api } = coordinator;
  const code = codeOf(randomUUID());
  await api.code.store(code);
  const task = { args: ['true'], code: refOf(code) };
  const { uuid } = await api.submitTask({ ...task, env_setup: 'uv' });
  t.is((await api.getTask(uuid)).env_setup, 'uv');
  const again = await api.rerunTask(uuid, { env_setup: 'venv:dev.txt' });
  t.like(await api.getTask(again.uuid), { env_setup: 'venv:dev.txt', code: { sha256: code.sha256 } });
  t.is((await api.getTask((await api.submitTask(task)).uuid)).env_setup, null);
  const refused = async (fields: object, message: RegExp): Promise<void> => {
    const sent = { args: ['true'], ...fields } as Parameters<typeof api.submitTask>[0];
    await t.throwsAsync(api.submitTask(sent), { code: 'invalid_request', message });
  };
  await refused({ env_setup: 'uv' }, /env_setup: is built from files of the folder of code: .* -C DIR/);
  for (const text of ['', 'poetry', 'uv\n', 'venv:../up', 'command:', 'npm:x', ' npm'])
    await refused({ code: refOf(code), env_setup: text }, /env_setup: /);
  await refused({ code: refOf(code), env_setup: 7 }, /env_setup: /);
});

test('what is done before the program starts is shown, and gone when the task has ended', async (t) => {
  const coordinator = await started;
  const { api } = coordinator;
  const { uuid } = await api.submitTask({ args: ['true'], tags: ['phases'] });
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  const { task, attempt, lease } = claimed;
  const channel = worker.openChannel();
  t.teardown(() => channel.close());
  await once(channel, 'open');
  const report = { task, attempt, lease, value: null, message: 'building the environment (uv), 5 s' };
  await eventually(
    async () => {
      channel.send(JSON.stringify({ type: 'progress', reports: [report] }));
      return (await api.getTask(uuid)).progress_message === report.message;
    },
    { message: 'the phase' },
  );
  t.is((await api.getTask(uuid)).progress, null);
  await worker.report([reportOf(claimed, 0)]);
  t.like(await api.getTask(uuid), { state: 'completed', progress: null, progress_message: null });
});
