import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { MitosisClient } from '@mitosis/client';
import type { ClaimedTask, UploadTicket } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const MIB = 2 ** 20;
let coordinator: CoordinatorFixture;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres', { signed_url_expires_in: '10s' });
});

/** A group of its own for a test, with the administrator in it. */
async function newGroup(quotaBytes = 2 ** 34): Promise<string> {
  const name = `g-${randomUUID()}`;
  await coordinator.database.query(
    `WITH u AS (SELECT id FROM users WHERE username = 'mitosis_admin'), g AS (
       INSERT INTO groups (id, name, creator_id, storage_quota_bytes) SELECT gen_random_uuid(), $1, id, $2 FROM u
       RETURNING id)
     INSERT INTO memberships (user_id, group_id, role) SELECT u.id, g.id, 'admin' FROM u, g`,
    [name, quotaBytes],
  );
  return name;
}

async function charge(group: string): Promise<{ used: number; reserved: number }> {
  const [row] = (await coordinator.database.query(
    'SELECT storage_used_bytes AS used, storage_reserved_bytes AS reserved FROM groups WHERE name = $1',
    [group],
  )) as {
    used: string;
    reserved: string;
  }[];
  return { used: Number(row?.used), reserved: Number(row?.reserved) };
}

async function fileOf(t: ExecutionContext, bytes: Buffer): Promise<string> {
  const place = path.join(await tempDir(t), 'file');
  await writeFile(place, bytes);
  return place;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function post(place: string, body: object): Promise<{ status: number; json: unknown }> {
  const headers = { Authorization: `Bearer ${coordinator.token}`, 'Content-Type': 'application/json' };
  const response = await fetch(new URL(place, coordinator.url), {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

async function download(t: ExecutionContext, group: string, key: string): Promise<Buffer> {
  const { api } = coordinator;
  const attachment = await api.files.attachment(group, key);
  const target = path.join(await tempDir(t), 'got');
  const sign = async () => (await api.files.attachment(group, key)).download;
  await api.files.download({ sizeBytes: attachment.size_bytes, sha256: attachment.sha256, sign }, target);
  return readFile(target);
}

test('a file goes up, is listed by prefix, comes down the same, is replaced and deleted', async (t) => {
  const { api } = coordinator;
  const group = await newGroup();
  const bytes = randomBytes(100_000);
  await api.files.uploadAttachment(group, 'a/b', await fileOf(t, bytes));
  await api.files.uploadAttachment(group, 'a_b', await fileOf(t, Buffer.alloc(0)));
  await api.files.uploadAttachment(group, 'ü %2F/?#&', await fileOf(t, Buffer.from('odd')));
  t.deepEqual(await download(t, group, 'a/b'), bytes);
  t.is((await download(t, group, 'a_b')).length, 0);
  t.is((await download(t, group, 'ü %2F/?#&')).toString(), 'odd');
  const page = await api.files.queryAttachments(group, { prefix: 'a', count: true });
  t.deepEqual(
    page.attachments.map(({ key }) => key),
    ['a/b', 'a_b'],
  );
  t.like(page, { count: 2, total_bytes: 100_000, next: null });
  const first = await api.files.queryAttachments(group, { limit: 1 });
  t.is((await api.files.queryAttachments(group, { limit: 1, after: first.next ?? '' })).attachments[0]?.key, 'a_b');
  t.is((await api.files.queryAttachments(group, { limit: 1, offset: 1 })).attachments[0]?.key, 'a_b');

  await api.files.uploadAttachment(group, 'a/b', await fileOf(t, Buffer.from('new')));
  t.is((await download(t, group, 'a/b')).toString(), 'new');
  t.deepEqual(await charge(group), { used: 6, reserved: 0 }, 'what was replaced is not counted');
  t.deepEqual(await api.files.deleteAttachments(group, ['a/b', 'none', 'a_b']), ['a/b', 'a_b']);
  await api.files.deleteAttachment(group, 'ü %2F/?#&');
  t.deepEqual(await charge(group), { used: 0, reserved: 0 });
  await t.throwsAsync(api.files.attachment(group, 'a/b'), { code: 'attachment_not_found' });
});

test('uploads at the same time never exceed the quota', async (t) => {
  const group = await newGroup(5 * MIB);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      post(`/groups/${group}/attachments`, { key: `k${index}`, size_bytes: MIB, sha256: sha256(randomBytes(8)) }),
    ),
  );
  t.is(answers.filter(({ status }) => status === 201).length, 5);
  const refused = answers.find(({ status }) => status !== 201);
  t.like(refused, { status: 413, json: { error: { code: 'storage_quota_exceeded' } } });
  t.deepEqual(await charge(group), { used: 0, reserved: 5 * MIB });
  await eventually(async () => (await charge(group)).reserved === 0, {
    message: 'the end of reservations that nobody used',
    timeoutMs: 90_000,
  });
});

test('a stream of unknown length is stored, and one that does not fit leaves nothing', async (t) => {
  const { api } = coordinator;
  const group = await newGroup(3 * MIB);
  const bytes = randomBytes(2 * MIB);
  t.like(await api.files.uploadAttachmentStream(group, 's', Readable.from([bytes])), {
    size_bytes: 2 * MIB,
    sha256: sha256(bytes),
  });
  t.deepEqual(await charge(group), { used: 2 * MIB, reserved: 0 });
  const much = Array.from({ length: 64 }, () => bytes);
  await t.throwsAsync(api.files.uploadAttachmentStream(group, 't', Readable.from(much)), {
    code: 'storage_quota_exceeded',
  });
  await eventually(async () => (await charge(group)).reserved === 0, {
    message: 'the room of the stream that was broken off',
  });
  t.deepEqual(await charge(group), { used: 2 * MIB, reserved: 0 });
  await t.throwsAsync(api.files.attachment(group, 't'), { code: 'attachment_not_found' });
});

test('a large upload that was broken off continues with the parts that are missing', async (t) => {
  const { api } = coordinator;
  const group = await newGroup();
  const bytes = randomBytes(70 * MIB);
  const place = await fileOf(t, bytes);
  const ended = new AbortController();
  let sent = 0;
  const onBytes = (count: number): void => {
    sent += count;
    if (sent > 56 * MIB) ended.abort(new Error('killed'));
  };
  await t.throwsAsync(api.files.uploadAttachment(group, 'big', place, { onBytes, signal: ended.signal }), {
    message: 'killed',
  });
  t.deepEqual(await charge(group), { used: 0, reserved: 70 * MIB });
  let first: number | undefined;
  await api.files.uploadAttachment(group, 'big', place, { onBytes: (count) => (first ??= count) });
  t.true((first ?? 0) >= 16 * MIB, `what had arrived is not sent again: ${first}`);
  t.is(sha256(await download(t, group, 'big')), sha256(bytes));
  t.deepEqual(await charge(group), { used: 70 * MIB, reserved: 0 });
});

test('an upload is complete only when its bytes are there, and completing may be repeated', async (t) => {
  const group = await newGroup();
  const { json } = await post(`/groups/${group}/attachments`, {
    key: 'k',
    size_bytes: 3,
    sha256: sha256(Buffer.from('abc')),
  });
  const ticket = json as UploadTicket;
  t.like(await post(`/uploads/${ticket.upload}/complete`, {}), {
    status: 409,
    json: { error: { code: 'upload_incomplete' } },
  });
  const put = (body: string) => fetch(new URL(ticket.single?.url ?? '', coordinator.url), { method: 'PUT', body });
  t.is((await put('too long')).status, 413);
  t.is((await put('abc')).status, 200);
  t.is((await put('xyz')).status, 409, 'a signed request stores once');
  const answers = await Promise.all([1, 2, 3].map(() => post(`/uploads/${ticket.upload}/complete`, {})));
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  t.deepEqual(await charge(group), { used: 3, reserved: 0 });
});

test('a download carries nosniff and is never shown by a browser', async (t) => {
  const group = await newGroup();
  await coordinator.api.files.uploadAttachment(group, 'page.html', await fileOf(t, Buffer.from('<script>')));
  const { download: signed } = await coordinator.api.files.attachment(group, 'page.html');
  const response = await fetch(new URL(signed.url, coordinator.url));
  t.is(response.headers.get('x-content-type-options'), 'nosniff');
  t.regex(response.headers.get('content-disposition') ?? '', /^attachment;/);
  t.is(response.headers.get('content-type'), 'application/octet-stream');
});

for (const key of ['', '../x', '/x', 'a//b', 'a\\b', 'a\r\nX: y', 'a/../b', 'x'.repeat(1100)]) {
  test(`a key is refused, naming the field: ${JSON.stringify(key.slice(0, 12))}`, async (t) => {
    const { status, json } = await post(`/groups/mitosis_admin/attachments`, {
      key,
      size_bytes: 1,
      sha256: '0'.repeat(64),
    });
    t.is(status, 400);
    t.like((json as { error: { details: object } }).error.details, { field: 'key' });
  });
}

test('for others the files of a group do not exist', async (t) => {
  const group = await newGroup();
  const { json } = await post(`/groups/${group}/attachments`, {
    key: 'k',
    size_bytes: 0,
    sha256: sha256(Buffer.alloc(0)),
  });
  await coordinator.api.files.uploadAttachment(group, 'secret', await fileOf(t, Buffer.from('s')));
  const other = await addUser();
  for (const call of [
    other.files.queryAttachments(group),
    other.files.attachment(group, 'secret'),
    other.files.deleteAttachment(group, 'secret'),
    other.files.uploadAttachment(group, 'x', await fileOf(t, Buffer.from('x'))),
  ]) {
    await t.throwsAsync(call, { code: 'group_not_found' });
  }
  await t.throwsAsync(other.files.checkStorage(false), { code: 'admin_required' });
  const { token } = await other.login(otherName, OTHER_PASSWORD);
  const stolen = await fetch(new URL(`/uploads/${(json as UploadTicket).upload}/complete`, coordinator.url), {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  t.is(stolen.status, 404);
});

const otherName = `u-${randomUUID()}`;
const OTHER_PASSWORD = 'correct horse battery';
async function addUser(): Promise<MitosisClient> {
  const headers = { Authorization: `Bearer ${coordinator.token}`, 'Content-Type': 'application/json' };
  const made = await fetch(new URL('/users', coordinator.url), {
    method: 'POST',
    headers,
    body: JSON.stringify({ username: otherName, password: OTHER_PASSWORD }),
  });
  if (!made.ok) throw new Error(await made.text());
  const { token } = await new MitosisClient({ url: coordinator.url }).login(otherName, OTHER_PASSWORD);
  return new MitosisClient({ url: coordinator.url, token });
}

async function runningTask(group: string, resources: object[] = []) {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'], group, resources: resources as never });
  const worker = await connectWorker(coordinator, { groups: [group] });
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  const { task, attempt, lease } = claimed as ClaimedTask;
  return { uuid, worker, claimed: claimed as ClaimedTask, lease: { task, attempt, lease } };
}

test('an artifact becomes visible with the report, counted by what is stored', async (t) => {
  const group = await newGroup();
  const { uuid, worker, claimed, lease } = await runningTask(group);
  const bytes = randomBytes(1000);
  const facts = { kind: 'result' as const, size_bytes: 1000, sha256: sha256(bytes) };
  await worker.upload({ ...lease, ...facts }, await fileOf(t, bytes));
  await worker.upload({ ...lease, ...facts }, await fileOf(t, bytes));
  t.deepEqual((await coordinator.api.getTask(uuid)).artifacts, []);
  t.deepEqual(await charge(group), { used: 0, reserved: 1000 });
  const never = { kind: 'std-log' as const, size_bytes: 5, sha256: sha256(Buffer.from('never')), skipped: [] };
  await worker.report([reportOf(claimed, 0, { artifacts: [{ ...facts, skipped: [] }, never] })]);
  t.deepEqual(await charge(group), { used: 1000, reserved: 0 });
  const task = await coordinator.api.getTask(uuid);
  t.like(task, { state: 'failed', reason: 'upload_failed' }, 'an artifact that never arrived is not a success');
  t.deepEqual(
    task.artifacts.map(({ kind }) => kind),
    ['result'],
  );
  t.deepEqual(
    task.not_kept.map(({ kind }) => kind),
    ['std-log'],
  );
  await t.throwsAsync(worker.upload({ ...lease, ...facts }, await fileOf(t, bytes)), { code: 'stale_attempt' });
});

test('an exec-log that never arrived does not fail a task, and is told', async (t) => {
  const { uuid, worker, claimed } = await runningTask(await newGroup());
  const never = { kind: 'exec-log' as const, size_bytes: 5, sha256: sha256(Buffer.from('never')), skipped: [] };
  await worker.report([reportOf(claimed, 0, { artifacts: [never] })]);
  const task = await coordinator.api.getTask(uuid);
  t.is(task.state, 'completed');
  t.deepEqual(task.not_kept, [{ kind: 'exec-log', why: 'it never arrived in the store' }]);
});

test('an artifact over the quota is refused before its bytes travel', async (t) => {
  const group = await newGroup(100);
  const { worker, lease } = await runningTask(group);
  const bytes = randomBytes(101);
  const upload = worker.upload(
    { ...lease, kind: 'result', size_bytes: 101, sha256: sha256(bytes) },
    await fileOf(t, bytes),
  );
  await t.throwsAsync(upload, { code: 'storage_quota_exceeded', message: /has 100 of 100 bytes left, 101 are needed/ });
});

test('an input that can not be unpacked is refused when it is submitted, and nothing is stored', async (t) => {
  const group = await newGroup();
  const upload = async (key: string, bytes: Buffer): Promise<void> =>
    void (await coordinator.api.files.uploadAttachment(group, key, await fileOf(t, bytes)));
  await upload('a.tar.xz', Buffer.from('\xfd7zXZ\0rest', 'latin1'));
  await upload('empty', Buffer.alloc(0));
  await upload('good', gzipSync(Buffer.alloc(1024)));
  await upload('plain.tar', Buffer.alloc(1024));
  const task = (key: string, unpack = true) => ({
    args: ['true'],
    group,
    resources: [{ from: 'attachment' as const, key, path: 'd', unpack }],
  });
  const what =
    /resources\.0: the attachment "a\.tar\.xz" can't be unpacked: not supported: .* xz; make it with "tar -czf"/;
  await t.throwsAsync(coordinator.api.submitTask(task('a.tar.xz')), { code: 'invalid_request', message: what });
  await t.throwsAsync(coordinator.api.submitTasks([task('good'), task('empty')]), {
    message: /tasks\.1\.resources\.0: the attachment "empty" can't be unpacked: the file is empty/,
  });
  await upload('table.csv.gz', gzipSync('1,2,3\n'.repeat(200)));
  await upload('line.gz', gzipSync('y\n'));
  await t.throwsAsync(coordinator.api.submitTask(task('line.gz')), { message: /a file that is not a tar archive/ });
  await upload('damaged', Buffer.from('\x1f\x8bnot gzip', 'latin1'));
  await t.throwsAsync(coordinator.api.submitTask(task('table.csv.gz')), {
    message: /a file that is not a tar archive/,
  });
  await t.throwsAsync(coordinator.api.submitTask(task('damaged')), { message: /it is not a gzip file: unknown/ });
  const job = coordinator.api.jobs.submit({ group, name: 'j', tasks: [task('a.tar.xz')] });
  await t.throwsAsync(job, { code: 'invalid_request', message: what });
  t.is(await coordinator.api.countTasks({ group }), 0);
  await coordinator.api.submitTasks([task('good'), task('plain.tar'), task('not there yet'), task('a.tar.xz', false)]);
  t.is(await coordinator.api.countTasks({ group }), 4);
});

test('what is stored under a SHA-256 has it: other bytes of the same length are given up', async (t) => {
  const group = await newGroup();
  const announced = randomBytes(1000);
  const begin = () => post(`/groups/${group}/attachments`, { key: 'k', size_bytes: 1000, sha256: sha256(announced) });
  const send = async (bytes: Buffer): Promise<string> => {
    const { upload, single } = (await begin()).json as UploadTicket;
    await fetch(new URL(single?.url ?? '', coordinator.url), {
      method: 'PUT',
      headers: single?.headers ?? {},
      body: bytes,
    });
    return upload;
  };
  const wrong = await post(`/uploads/${await send(randomBytes(1000))}/complete`, {});
  t.is(wrong.status, 409);
  t.like(wrong.json, { error: { code: 'upload_corrupt' } });
  t.deepEqual(await charge(group), { used: 0, reserved: 0 });
  t.is((await post(`/uploads/${await send(announced)}/complete`, {})).status, 200);
  t.deepEqual(await charge(group), { used: 1000, reserved: 0 });
});

test('inputs: of the own group, of tasks that the submitter may read, and no others', async (t) => {
  const group = await newGroup();
  const other = await newGroup();
  await coordinator.api.files.uploadAttachment(group, 'in', await fileOf(t, Buffer.from('input')));
  await coordinator.api.files.uploadAttachment(other, 'theirs', await fileOf(t, Buffer.from('x')));
  const { worker, lease } = await runningTask(group, [{ from: 'attachment', key: 'in', path: 'd/in' }]);
  const {
    inputs: [input],
  } = await worker.inputs(lease);
  t.like(input, { path: 'd/in', unpack: false, size_bytes: 5, sha256: sha256(Buffer.from('input')) });
  await t.throwsAsync(worker.inputs({ ...lease, lease: randomUUID() }), { code: 'stale_attempt' });
  const foreign = await runningTask(group, [{ from: 'attachment', key: 'theirs', path: 'p' }]);
  await t.throwsAsync(foreign.worker.inputs(foreign.lease), { code: 'resource_not_found', message: /theirs/ });
});

test('what a lost attempt or a deleted task has left is collected, and the check is clean', async (t) => {
  const { api, database } = coordinator;
  const group = await newGroup();
  const lost = await runningTask(group);
  const bytes = randomBytes(2000);
  const facts = { kind: 'result' as const, size_bytes: 2000, sha256: sha256(bytes) };
  await lost.worker.upload({ ...lost.lease, ...facts }, await fileOf(t, bytes));
  await lost.worker.report([reportOf(lost.claimed, 0, { outcome: 'released', exit_code: null })]);
  const done = await runningTask(group);
  await done.worker.upload({ ...done.lease, ...facts }, await fileOf(t, bytes));
  await done.worker.report([reportOf(done.claimed, 0, { artifacts: [{ ...facts, skipped: [] }] })]);
  t.is((await charge(group)).used, 2000);
  t.deepEqual((await api.files.checkStorage(false)).objects_without_rows, []);
  await database.query('DELETE FROM tasks WHERE id = $1', [done.uuid]);
  const rows = async () =>
    (await database.query('SELECT o.key FROM objects o JOIN groups g ON g.id = o.group_id WHERE g.name = $1', [
      group,
    ])) as unknown[];
  await eventually(async () => (await rows()).length === 0, { message: 'the collection', timeoutMs: 60_000 });
  t.deepEqual(await charge(group), { used: 0, reserved: 0 });
});

test('the check finds what is missing and what is too much, and repairs it', async (t) => {
  const own = await coordinatorFixture(t, 'postgres');
  await own.api.files.uploadAttachment('mitosis_admin', 'kept', await fileOf(t, Buffer.from('kept')));
  await own.api.files.uploadAttachment('mitosis_admin', 'gone', await fileOf(t, Buffer.from('gone')));
  t.true((await own.api.files.checkStorage(false)).is_clean);
  await own.database.query(
    `UPDATE attachments SET object_key = (SELECT object_key FROM attachments WHERE key = 'kept') WHERE key = 'gone'`,
  );
  await own.database.query(`DELETE FROM objects WHERE name = 'gone'`);
  await own.database.query(`UPDATE objects SET size_bytes = 5 WHERE name = 'kept'`);
  const report = await own.api.files.checkStorage(true);
  t.like(report, { is_clean: false, is_repaired: true, objects_without_rows_count: 1, rows_without_objects_count: 1 });
  t.true((await own.api.files.checkStorage(false)).is_clean);
});
