import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { MitosisClient } from '@mitosis/client';
import { redisServer } from '@mitosis/testing';

const MAIN = path.join(import.meta.dirname, '../dist/mito/lib/mito.js');

/** Undoes in reverse order what a benchmark has set up. */
export class Scope {
  #steps = [];

  teardown(undo) {
    this.#steps.push(undo);
  }

  async end() {
    for (const undo of this.#steps.splice(0).reverse()) await undo();
  }
}

/** A whole stack of its own, as `mito up` starts it; returns a client that is logged in. */
export async function startStack(scope, { backend, workers, slots }) {
  const configDir = await mkdtemp(path.join(tmpdir(), 'mito-bench-'));
  scope.teardown(() => rm(configDir, { recursive: true, force: true }));
  const server = backend === 'redis' ? await redisServer(scope) : undefined;
  const redis = server ? ['--redis', server.url] : [];
  const argv = [MAIN, 'up', '--ephemeral', '--json', '--port', '0', '--workers', workers, '--slots', slots, ...redis];
  const child = spawn(process.execPath, [...process.execArgv, ...argv.map(String)], {
    env: { ...process.env, MITO_CONFIG_DIR: configDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  scope.teardown(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { url, admin, pids, data_dir: dataDir } = JSON.parse(line);
  const { token } = await new MitosisClient({ url }).login(admin.username, admin.password);
  const queueBytes = async () => (server ? redisBytes(server.url) : undefined);
  return { api: new MitosisClient({ url, token }), pids, url, token, dataDir, queueBytes };
}

/** What Redis says it uses. */
async function redisBytes(url) {
  const { Redis } = createRequire(new URL('../libs/queue/package.json', import.meta.url))('ioredis');
  const redis = new Redis(url);
  const info = await redis.info('memory');
  redis.disconnect();
  return Number(/used_memory:(\d+)/.exec(info)[1]);
}

export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * q), sorted.length - 1)];
}
