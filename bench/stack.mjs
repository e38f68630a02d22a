import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { MitosisClient } from '@mitosis/client';
import { redisServer } from '@mitosis/testing';

const MAIN = path.join(import.meta.dirname, '../apps/mito/dist/main.js');

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

/** A whole stack of its own, as `mito up` starts it; answers a client that is logged in. */
export async function startStack(scope, { backend, workers, slots }) {
  const configDir = await mkdtemp(path.join(tmpdir(), 'mito-bench-'));
  scope.teardown(() => rm(configDir, { recursive: true, force: true }));
  const redis = backend === 'redis' ? ['--redis', (await redisServer(scope)).url] : [];
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
  const { url, admin, pids } = JSON.parse(line);
  const { token } = await new MitosisClient({ url }).login(admin.username, admin.password);
  return { api: new MitosisClient({ url, token }), pids, url, token };
}

export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * q), sorted.length - 1)];
}
