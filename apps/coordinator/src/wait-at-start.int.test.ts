import test from 'ava';
import { CoordinatorConfig } from '@mitosis/config';
import type { Log } from '@mitosis/domain';
import { eventually, freshDatabase, redisServer, silentLog, tcpProxy, tempDir } from '@mitosis/testing';
import { createCoordinator } from './create-coordinator.js';

/** A log, and what was said in it. */
function recordingLog(): { readonly log: Log; readonly said: string[] } {
  const said: string[] = [];
  const note = (_facts: object, text: string): void => void said.push(text);
  return { log: { ...silentLog, warn: note, info: note }, said };
}

for (const server of ['database', 'queues'] as const) {
  test(`a coordinator whose ${server} are away when it starts waits for them, and says so`, async (t) => {
    const databaseUrl = new URL(await freshDatabase(t));
    const redis = new URL((await redisServer(t)).url);
    const target = server === 'database' ? databaseUrl : redis;
    const proxy = await tcpProxy(t, { host: target.hostname, port: Number(target.port) });
    target.host = `127.0.0.1:${proxy.port}`;
    proxy.set({ kind: 'reset' });
    const { log, said } = recordingLog();
    const settings = {
      bind: '127.0.0.1:0',
      state_dir: await tempDir(t),
      db_url: databaseUrl.href,
      redis_url: redis.href,
    };
    const coordinator = await createCoordinator(CoordinatorConfig.parse(settings), log);
    t.teardown(() => coordinator.stop());
    let isStarted = false;
    const started = coordinator.start().then(() => (isStarted = true));
    const isWaiting = (): boolean => said.some((text) => text.includes(`waiting for the ${server}`));
    await eventually(isWaiting, { timeoutMs: 30_000, message: () => said.join('; ') });
    t.false(isStarted);
    proxy.set({ kind: 'pass' });
    await started;
    t.is((await fetch(`${coordinator.url}/health`)).status, 200);
  });
}

test('a coordinator that waits can be stopped', async (t) => {
  const databaseUrl = new URL(await freshDatabase(t));
  const proxy = await tcpProxy(t, { host: databaseUrl.hostname, port: Number(databaseUrl.port) });
  databaseUrl.host = `127.0.0.1:${proxy.port}`;
  proxy.set({ kind: 'reset' });
  const { log, said } = recordingLog();
  const settings = { bind: '127.0.0.1:0', state_dir: await tempDir(t), db_url: databaseUrl.href };
  const coordinator = await createCoordinator(CoordinatorConfig.parse(settings), log);
  const started = t.throwsAsync(coordinator.start());
  await eventually(() => said.some((text) => text.includes('waiting for')), { message: () => said.join('; ') });
  await coordinator.stop();
  await started;
});
