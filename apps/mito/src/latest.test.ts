import { PassThrough } from 'node:stream';
import test from 'ava';
import type { MitosisClient } from '@mitosis/client';
import { TasksCancelCommand } from './commands/client/tasks/cancel.js';
import { TasksDiffCommand } from './commands/client/tasks/diff.js';
import { resolveLatest } from './commands/latest.js';
import { createCli } from './create-cli.js';
import type { MitoContext } from './mito-context.js';

const NEWEST = ['0191f1f0-0000-7000-8000-000000000003', '0191f1f0-0000-7000-8000-000000000002'];
const OTHER = '0191f1f0-0000-7000-8000-000000000001';
const api = {
  identity: async () => ({ username: 'alice' }),
  queryTasks: async ({ limit }: { limit: number }) => ({ tasks: NEWEST.slice(0, limit).map((uuid) => ({ uuid })) }),
} as unknown as MitosisClient;

test('each field that names tasks takes @ and @~N', async (t) => {
  const command = { uuid: '@', uuids: [`@~1,${OTHER}`, '@'], after: ['@'], task: '@', upstream: '@~1', first: '@' };
  await resolveLatest(command, 'tasks cancel', api);
  const [newest = '', next = ''] = NEWEST;
  const uuids = [`${next},${OTHER}`, newest];
  t.deepEqual(command, { uuid: newest, uuids, after: [newest], task: newest, upstream: next, first: newest });
  await t.throwsAsync(resolveLatest({ uuid: '@~2' }, 'tasks get', api), { message: /not submitted that many tasks/ });
});

test('a command reads what @ stands for, not @', async (t) => {
  const asked: string[] = [];
  const client = {
    ...api,
    cancelTask: async (uuid: string) => (asked.push(uuid), { result: 'cancelled' }),
    getTask: async (uuid: string) => (asked.push(uuid), { uuid }),
  };
  const stream = new PassThrough();
  const context = { env: {}, stdin: stream, stdout: stream, stderr: stream } as unknown as MitoContext;
  const typed = [
    { Class: TasksCancelCommand, words: ['tasks', 'cancel', '@~1'] },
    { Class: TasksDiffCommand, words: ['tasks', 'diff', '@', '@~1'] },
  ];
  for (const { Class, words } of typed) {
    const command = createCli(false, Class).process(words, context) as unknown as {
      api(): Promise<unknown>;
      run(): Promise<unknown>;
    };
    command.api = async () => {
      await resolveLatest(command, words.join(' '), client as unknown as MitosisClient);
      return client;
    };
    await command.run().catch(() => undefined);
  }
  t.deepEqual(asked.toSorted(), [NEWEST[1], ...NEWEST].toSorted());
});
