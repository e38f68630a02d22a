import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { CHILD_ENV, planLaunch } from './launch-plan.js';
import { Sandbox } from './sandbox.js';
import { RecordingLog, runProgram } from './testing/run-program.js';
import { isAlive, waitUntil } from './testing/wait-until.js';
import { buildProgram, dataAt, forever, i32, Op } from './testing/wasm-builder.js';

const log = new RecordingLog();
const hello = buildProgram({ data: [dataAt(1024, 'hello\n')], body: (p) => p.exitWith(p.write(1, 1024, 6)) });
const endless = buildProgram({ body: () => forever([]) });

async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.trim().split(' ').filter(Boolean).map(Number);
}

/** What a process of the sandbox could do if a program broke out of the engine: runs `code` as one. */
async function asBrokenOut(code: string): Promise<string> {
  const plan = await planLaunch();
  const child = spawn(plan.command, [...plan.args.slice(0, -1), '--input-type=module', '-e', code], {
    env: CHILD_ENV,
    cwd: '/',
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  await once(child, 'close');
  return Buffer.concat(output).toString();
}

test.serial('a sandbox can be stopped at any time, and stopped again', async (t) => {
  const sandbox = new Sandbox({ processes: 1, log });
  await sandbox.stop();
  await sandbox.start();
  await sandbox.stop();
  await sandbox.stop();
  await t.throwsAsync(runProgram(sandbox, hello), { code: 'sandbox_stopped' });
  await sandbox.start();
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
  await sandbox.stop();
});

test.serial('stopping ends what runs and fails what waits', async (t) => {
  const sandbox = new Sandbox({ processes: 1, log });
  await sandbox.start();
  const [running, waiting] = [runProgram(sandbox, endless), runProgram(sandbox, hello)];
  const refused = t.throwsAsync(waiting, { code: 'sandbox_stopped' });
  await sandbox.stop();
  t.like((await running).result, { outcome: 'failed', reason: 'process_died' });
  await refused;
});

test.serial('a program sees its own arguments and environment and nothing of ours', async (t) => {
  const sandbox = new Sandbox({ processes: 1, log });
  t.teardown(() => sandbox.stop());
  await sandbox.start();
  const sizes = buildProgram({
    body: (p) => [...p.run('environ_sizes_get', 0, 4), ...p.exitWith([...i32(4), Op.i32Load, 2, 0])],
  });
  t.is((await runProgram(sandbox, sizes)).result.exitCode, 0);
  t.is(
    (await runProgram(sandbox, sizes, { env: { KEY: 'größe' } })).result.exitCode,
    Buffer.byteLength('KEY=größe') + 1,
  );
});

test.serial('many runs at once share the processes', async (t) => {
  const sandbox = new Sandbox({ processes: 2, log });
  t.teardown(() => sandbox.stop());
  await sandbox.start();
  const runs = await Promise.all(Array.from({ length: 200 }, () => runProgram(sandbox, hello)));
  t.true(runs.every(({ stdout }) => stdout.toString() === 'hello\n'));
});

test.serial('a process that dies fails its run and is replaced', async (t) => {
  const sandbox = new Sandbox({ processes: 1, log });
  t.teardown(() => sandbox.stop());
  const before = new Set(await childrenOf(process.pid));
  await sandbox.start();
  const [pid = 0] = (await childrenOf(process.pid)).filter((child) => !before.has(child));
  const run = runProgram(sandbox, endless);
  process.kill(pid, 'SIGKILL');
  t.like((await run).result, { outcome: 'failed', reason: 'process_died' });
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
});

test.serial('an idle process that dies costs nobody a run', async (t) => {
  const sandbox = new Sandbox({ processes: 1, log });
  t.teardown(() => sandbox.stop());
  const before = new Set(await childrenOf(process.pid));
  await sandbox.start();
  const [pid = 0] = (await childrenOf(process.pid)).filter((child) => !before.has(child));
  process.kill(pid, 'SIGKILL');
  await waitUntil(async () => !(await childrenOf(process.pid)).includes(pid), 'the process is still there');
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
});

test.serial('no process outlives a sandbox that was killed, whatever it computes', async (t) => {
  const helper = `
    import { Sandbox } from ${JSON.stringify(new URL('./sandbox.js', import.meta.url).href)};
    import { runProgram, RecordingLog }
      from ${JSON.stringify(new URL('./testing/run-program.js', import.meta.url).href)};
    const sandbox = new Sandbox({ processes: 1, log: new RecordingLog() });
    await sandbox.start();
    const endless = Buffer.from(${JSON.stringify(Buffer.from(endless).toString('base64'))}, 'base64');
    void runProgram(sandbox, endless, { wallLimitMs: 5000 });
    setInterval(() => process.stdout.write('running\\n'), 50);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', helper], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  const children = await childrenOf(owner.pid ?? 0);
  t.is(children.length, 1);
  owner.kill('SIGKILL');
  for (const pid of children) await waitUntil(() => !isAlive(pid), 'the process of the sandbox is still running');
});

test.serial('a program that broke out would have no files, no processes, no threads and no network', async (t) => {
  const server = createServer((_, response) => response.end('reached'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const code = `
    const attempt = async (action) => {
      try { await action(); return 'done'; }
      catch (error) { return error.code ?? error.cause?.code ?? error.message; } };
    const fs = await import('node:fs');
    const processes = await import('node:child_process');
    const threads = await import('node:worker_threads');
    const results = {
      read: await attempt(() => fs.readFileSync('/etc/passwd')),
      write: await attempt(() => fs.writeFileSync('/tmp/broken-out', '')),
      spawn: await attempt(() => processes.execFileSync('/bin/true')),
      thread: await attempt(() => new threads.Worker('1', { eval: true })),
      network: await attempt(() => fetch('http://127.0.0.1:${port}/')),
      env: Object.keys(process.env).join(),
    };
    console.log(JSON.stringify(results));`;
  const { hasOwnNetwork } = await planLaunch();
  const { network, ...rest } = JSON.parse(await asBrokenOut(code)) as Record<string, string>;
  const denied = 'ERR_ACCESS_DENIED';
  t.deepEqual(rest, { read: denied, write: denied, spawn: denied, thread: denied, env: 'PATH' });
  if (hasOwnNetwork) t.not(network, 'done');
});
