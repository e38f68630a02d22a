import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { eventually, tempDir } from '@mitosis/testing';
import { isAlive } from './harness/processes.js';

const TOOLS = fileURLToPath(new URL('../../../tools', import.meta.url));

test('Ctrl-C during the installation ends all of it before the next start may begin', async (t) => {
  const clone = await tempDir(t);
  await cp(TOOLS, path.join(clone, 'tools'), { recursive: true });
  await writeFile(path.join(clone, 'package-lock.json'), '{"packages":{"node_modules/x":{"version":"1.0.0"}}}');
  // An installer that ignores the first hint, with a helper of its own.
  const bin = path.join(clone, 'bin');
  const pids = path.join(clone, 'pids');
  await mkdir(bin);
  const npm = `#!/bin/sh\ntrap '' INT\nsleep 300 &\necho "$$ $!" > "${pids}"\nwait\n`;
  await writeFile(path.join(bin, 'npm'), npm, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH ?? ''}` };
  const setup = spawn(process.execPath, [path.join(clone, 'tools', 'bootstrap.mjs')], { env, stdio: 'ignore' });
  const ended = once(setup, 'exit') as Promise<[number | null]>;
  const started = await eventually(async () => (await readFile(pids, 'utf8').catch(() => '')).trim(), {
    message: 'the installation has begun',
  });
  setup.kill('SIGINT');
  t.deepEqual((await ended)[0], 1);
  for (const pid of started.split(' ')) t.false(await isAlive(Number(pid)), `${pid} of the installation is gone`);
  await t.throwsAsync(stat(path.join(clone, '.nx', 'setup.lock')), { code: 'ENOENT' });
});
