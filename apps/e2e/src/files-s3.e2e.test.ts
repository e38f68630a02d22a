import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { JobView, StorageReport, TaskView } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { startS3Stack, type S3Stack } from './harness/s3-stack.js';
import { BACKENDS, type Backend } from './harness/stack.js';
import type { StoreRequest } from './harness/watched-store.js';

const MIB = 2 ** 20;
const PART_BYTES = 16 * MIB;
const GROUP = 'mitosis_admin';
const file = fileScope(test);
const stacks = {} as Record<Backend, S3Stack>;

test.before(async (t) => {
  t.timeout(300_000, 'the stacks start');
  for (const backend of BACKENDS) stacks[backend] = await startS3Stack(file, backend, { workers: 2 });
});

async function randomFile(t: ExecutionContext, sizeBytes: number): Promise<{ place: string; bytes: Buffer }> {
  const place = path.join(await tempDir(t), 'file');
  const bytes = randomBytes(sizeBytes);
  await writeFile(place, bytes);
  return { place, bytes };
}

function isPart({ method, query }: StoreRequest): boolean {
  return method === 'PUT' && query.has('partNumber');
}

/** Requests of `kind` that came after the first `since`. */
function requestsOf({ store }: S3Stack, since: number, kind: (request: StoreRequest) => boolean): StoreRequest[] {
  return store.requests.slice(since).filter(kind);
}

/** Waits until some parts of an upload have been stored. */
async function underWay(stack: S3Stack, since: number, parts = 2): Promise<void> {
  const hasBegun = (): boolean =>
    requestsOf(stack, since, (request) => isPart(request) && request.status === 200).length >= parts;
  await eventually(hasBegun, { message: 'the first parts of an upload', timeoutMs: 60_000 });
}

async function becomesClean(stack: S3Stack): Promise<void> {
  let report: Partial<StorageReport> = {};
  const isClean = async (): Promise<boolean> => {
    report = JSON.parse((await stack.mito('admin', 'fsck', '--json')).stdout || '{}') as Partial<StorageReport>;
    return report.is_clean === true;
  };
  await eventually(isClean, { message: () => `a clean store: ${JSON.stringify(report)}`, timeoutMs: 90_000 });
}

for (const backend of BACKENDS) {
  test.serial(`${backend}: an upload and a download that were killed continue where they stopped`, async (t) => {
    t.timeout(180_000);
    const stack = stacks[backend];
    const { place, bytes } = await randomFile(t, 256 * MIB);
    const since = stack.store.requests.length;
    const upload = ['groups', 'attachments', 'upload', place, 'big', '-g', GROUP];
    const first = stack.spawn(...upload);
    await underWay(stack, since, 3);
    await first.stop('SIGKILL');
    t.is((await stack.mito(...upload)).code, 0);
    // Of those under way at the kill the store may have kept one without an answer that anybody saw.
    const parts = requestsOf(stack, since, (request) => isPart(request) && request.receivedBytes === PART_BYTES).map(
      ({ query }) => query.get('partNumber'),
    );
    t.is(new Set(parts).size, bytes.length / PART_BYTES);
    // Others had not been confirmed yet, and are sent twice.
    t.true(parts.length <= bytes.length / PART_BYTES + 3, `${parts.length} parts were sent`);

    const target = path.join(await tempDir(t), 'copy');
    const begun = stack.store.requests.length;
    const isGet = ({ method, query }: StoreRequest): boolean => method === 'GET' && query.has('X-Amz-Signature');
    const download = ['groups', 'attachments', 'download', 'big', '-g', GROUP, '-o', target];
    const cut = stack.spawn(...download);
    await eventually(() => requestsOf(stack, begun, isGet).some(({ sentBytes }) => sentBytes > 64 * MIB), {
      message: 'a part of the download',
      timeoutMs: 60_000,
    });
    await cut.stop('SIGKILL');
    t.is((await stack.mito(...download)).code, 0);
    t.true(bytes.equals(await readFile(target)));
    const [whole, rest] = requestsOf(stack, begun, isGet);
    t.is(whole?.range, undefined);
    const offset = Number(/^bytes=(\d+)-$/.exec(rest?.range ?? '')?.[1]);
    t.true(offset > 32 * MIB, `it went on at ${rest?.range}`);
    t.is(rest?.sentBytes, bytes.length - offset);
    await becomesClean(stack);
  });

  test.serial(
    `${backend}: kill -9 of coordinator and worker during uploads loses nothing and leaves the store clean`,
    async (t) => {
      t.timeout(300_000);
      const stack = stacks[backend];
      const { place, bytes } = await randomFile(t, 192 * MIB);
      let since = stack.store.requests.length;
      const upload = stack.spawn('groups', 'attachments', 'upload', place, 'killed', '-g', GROUP);
      await underWay(stack, since);
      await stack.killCoordinator();
      await upload.ended;
      const again = async (): Promise<boolean> =>
        (await stack.mito('groups', 'attachments', 'upload', place, 'killed', '-g', GROUP)).code === 0;
      await eventually(again, { message: 'the upload to continue', timeoutMs: 60_000 });
      const target = path.join(await tempDir(t), 'copy');
      t.is((await stack.mito('groups', 'attachments', 'download', 'killed', '-g', GROUP, '-o', target)).code, 0);
      t.true(bytes.equals(await readFile(target)));

      since = stack.store.requests.length;
      const script = 'head -c 200000000 /dev/urandom > $MITO_RESULT_DIR/blob';
      const { uuid } = await stack.json<{ uuid: string }>('tasks', 'submit', '--', 'sh', '-c', script);
      await underWay(stack, since);
      for (const index of stack.workers.keys()) await stack.killWorker(index);
      const get = () => stack.json<TaskView>('tasks', 'get', uuid);
      await eventually(async () => (await get()).state === 'completed', {
        message: 'the second attempt',
        timeoutMs: 120_000,
      });
      t.like(await get(), { attempt: 2 });
      await becomesClean(stack);
    },
  );

  test.serial(`${backend}: 1,000 tasks with the same input fetch it once per worker`, async (t) => {
    t.timeout(240_000);
    const stack = stacks[backend];
    const { place } = await randomFile(t, 8 * MIB);
    t.is((await stack.mito('groups', 'attachments', 'upload', place, 'shared', '-g', GROUP)).code, 0);
    const since = stack.store.requests.length;
    const argv = [
      'tasks',
      'submit',
      '--array',
      '1-1000',
      '-r',
      'attachment=shared:in',
      '--',
      'sh',
      '-c',
      'test $(wc -c < "$MITO_RESOURCE_DIR/in") -eq 8388608',
    ];
    const { uuid } = await stack.json<{ uuid: string }>(...argv);
    t.is((await stack.mito('jobs', 'wait', uuid)).code, 0);
    t.like(await stack.json<JobView>('jobs', 'get', uuid), { counts: { completed: 1000 } });
    const fetched = requestsOf(
      stack,
      since,
      ({ method, query }) => method === 'GET' && query.has('X-Amz-Signature'),
    ).length;
    t.true(fetched >= 1 && fetched <= stack.workers.length, `${fetched} fetches by ${stack.workers.length} workers`);
  });

  test.serial(`${backend}: what a task printed is kept when its time is up and when it is cancelled`, async (t) => {
    const stack = stacks[backend];
    const submit = async (...options: string[]) =>
      (
        await stack.json<{ uuid: string }>(
          'tasks',
          'submit',
          '--terminal',
          ...options,
          '--',
          'sh',
          '-c',
          'echo printed before; sleep 600',
        )
      ).uuid;
    const late = await submit('--timeout', '2s');
    const cancelled = await submit();
    const hasPrinted = async (): Promise<boolean> =>
      (await stack.mito('tasks', 'logs', cancelled)).stdout.includes('printed before');
    await eventually(hasPrinted, { message: 'the output of the second task', timeoutMs: 60_000 });
    t.is((await stack.mito('tasks', 'cancel', cancelled)).code, 0);
    for (const [uuid, end] of [
      [late, { state: 'failed', reason: 'timeout' }],
      [cancelled, { state: 'cancelled' }],
    ] as const) {
      await stack.mito('tasks', 'wait', uuid);
      t.like(await stack.json<TaskView>('tasks', 'get', uuid), end);
      const { stdout, stderr } = await stack.mito('tasks', 'artifacts', 'cat', uuid, 'std-log', 'stdout.log');
      t.is(stdout, 'printed before\n', stderr);
    }
  });

  test.serial(`${backend}: artifacts are looked into, fetched and deleted, one by one and many at once`, async (t) => {
    t.timeout(120_000);
    const stack = stacks[backend];
    const script =
      'head -c 150000000 /dev/urandom > $MITO_RESULT_DIR/blob; echo first > $MITO_RESULT_DIR/a; ' +
      'mkdir $MITO_RESULT_DIR/z; echo last > $MITO_RESULT_DIR/z/note';
    const big = (await stack.json<{ uuid: string }>('tasks', 'submit', '--', 'sh', '-c', script)).uuid;
    t.is((await stack.mito('tasks', 'wait', big)).code, 0);
    const cat = async (name: string): Promise<string> =>
      (await stack.mito('tasks', 'artifacts', 'cat', big, 'result', name)).stdout;
    const since = stack.store.requests.length;
    t.is(await cat('a'), 'first\n');
    const [get] = requestsOf(stack, since, ({ method }) => method === 'GET');
    t.true(
      (get?.sentBytes ?? Infinity) < 100_000_000,
      `what stands at the beginning is found without reading the rest: ${get?.sentBytes}`,
    );
    t.is(await cat('z/note'), 'last\n');
    const missing = await stack.mito('tasks', 'artifacts', 'cat', big, 'result', 'nothing');
    t.not(missing.code, 0);
    t.regex(missing.stderr, /nothing/);

    const label = `many-${randomUUID()}`;
    const job = await stack.json<{ uuid: string; tasks: string[] }>(
      'tasks',
      'submit',
      '--array',
      '1-6',
      '-l',
      label,
      '--',
      'sh',
      '-c',
      'echo $MITO_ARRAY_INDEX > $MITO_RESULT_DIR/index',
    );
    t.is((await stack.mito('jobs', 'wait', job.uuid)).code, 0);
    const [one = '', two = '', three = ''] = job.tasks;
    const remaining = async (): Promise<number> => {
      const into = await tempDir(t);
      t.is(
        (
          await stack.mito(
            'tasks',
            'artifacts',
            'download-many',
            'result',
            '-l',
            label,
            '-o',
            into,
            '--concurrency',
            '3',
          )
        ).code,
        0,
      );
      return (await readdir(into, { recursive: true })).filter((name) => name.endsWith('.tar.gz')).length;
    };
    t.is(await remaining(), 6);
    t.is((await stack.mito('tasks', 'artifacts', 'delete', one, 'result')).code, 0);
    t.not((await stack.mito('tasks', 'artifacts', 'delete', one, 'result')).code, 0);
    t.is((await stack.mito('tasks', 'artifacts', 'delete-list', 'result', two, three)).code, 0);
    t.is(await remaining(), 3);
    t.is((await stack.mito('tasks', 'artifacts', 'delete-many', 'result', '-l', label)).code, 0);
    t.is(await remaining(), 0);
  });
}
