import { readFile, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import type { TaskReceipt } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { MitoProcess } from './harness/mito-process.js';
import { processesWith } from './harness/processes.js';
import { BACKENDS, startStack, type E2eStack } from './harness/stack.js';
import { openTerminal } from './harness/terminal.js';

const file = fileScope(test);
const stacks = new Map<string, E2eStack>();

test.before(async () => {
  for (const backend of BACKENDS) stacks.set(backend, await startStack(file, { backend, slots: 4 }));
});

function onEachBackend(title: string, body: (t: ExecutionContext, stack: E2eStack) => Promise<void>): void {
  for (const backend of BACKENDS) test.serial(`${backend}: ${title}`, (t) => body(t, stacks.get(backend) as E2eStack));
}

/** A server that sends back what it gets, after the end of it, and the name of its port. */
const ECHO = `
import socket, threading
server = socket.create_server(('127.0.0.1', 0)); print(server.getsockname()[1], flush=True)
def serve(one):
    got = b''
    while True:
        piece = one.recv(65536)
        if not piece: break
        got += piece
    one.sendall(got); one.close()
while True: threading.Thread(target=serve, args=(server.accept()[0],)).start()`;

/** Starts a task and waits for its first line. */
async function start(t: ExecutionContext, { json, mito }: E2eStack, ...args: string[]) {
  const { uuid } = await json<TaskReceipt>('tasks', 'submit', '-e', 'COLOUR=green', '--', ...args);
  t.teardown(() => mito('tasks', 'cancel', uuid));
  let line = '';
  await eventually(async () => (line = (await mito('tasks', 'logs', uuid)).stdout).includes('\n'), {
    message: 'the first line of the task',
  });
  return { uuid, line: line.trim() };
}

const host = (t: ExecutionContext, stack: E2eStack) =>
  start(t, stack, 'sh', '-c', 'echo kept > kept.txt; ln -s /etc/passwd away; mkfifo pipe; echo ready; exec sleep 3600');

/** A command with something on its standard input. */
async function given(t: ExecutionContext, { env }: E2eStack, input: string, ...argv: string[]) {
  const from = path.join(await tempDir(t), 'input');
  await writeFile(from, input);
  return new MitoProcess(argv, env, ['sh', '-c', 'cat "$0" | exec "$@"', from]).ended;
}

onEachBackend('"exec" runs beside the task: environment, folder, both outputs, input, exit code', async (t, stack) => {
  const { uuid } = await host(t, stack);
  const script = 'cat kept.txt; echo "$COLOUR"; echo wrong >&2; exit 7';
  t.like(await stack.mito('tasks', 'exec', '-n', uuid, '--', 'sh', '-c', script), {
    code: 7,
    stdout: 'kept\ngreen\n',
    stderr: 'wrong\n',
  });
  t.like(await given(t, stack, 'a line\n', 'tasks', 'exec', '@', '--', 'cat'), { code: 0, stdout: 'a line\n' });
  const much = 'x'.repeat(3_000_000);
  t.is((await given(t, stack, much, 'tasks', 'exec', uuid, '--', 'cat')).stdout, much);
  t.is((await stack.mito('tasks', 'exec', '-n', uuid, '--', 'sh', '-c', 'kill -9 $$')).code, 137);
  const missing = await stack.mito('tasks', 'exec', '-n', uuid, '--', 'no-such-program');
  t.is(missing.code, 2);
  t.regex(missing.stderr, /no such program/);
});

onEachBackend('"exec -it" is a terminal beside the task', async (t, stack) => {
  const { uuid } = await host(t, stack);
  const argv = ['tasks', 'exec', '-it', uuid, '--', 'env', 'PS1=beside> ', 'bash', '--norc', '-i'];
  const shell = openTerminal(t, argv, stack.env);
  await shell.sees(/beside> /);
  shell.type('stty size; echo $TERM\r');
  await shell.sees(/40 110\nxterm-256color\n/);
  shell.resize(70, 20);
  await shell.sees(/beside> /);
  shell.type('sleep 600\r');
  await shell.sees(/sleep 600\n/);
  shell.type('\u0003');
  await shell.sees(/\^C\n[^]*beside> /);
  shell.type('stty size; exit 5\r');
  await shell.sees(/20 70\n/);
  t.is(await shell.ended(), 5);
});

onEachBackend('a command beside a task ends with its client, with Ctrl-C, and with the task', async (t, stack) => {
  const { uuid } = await host(t, stack);
  const mark = `MITO_TASK_UUID=${uuid}`;
  const count = async (number: number): Promise<void> => {
    await eventually(async () => (await processesWith(mark)).length === number, { message: `${number} processes` });
  };
  await count(1);
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const client = new MitoProcess(['tasks', 'exec', '-n', uuid, '--', 'sleep', '3600'], stack.env);
    await count(2);
    const { code } = await client.stop(signal);
    if (signal === 'SIGINT') t.is(code, 130);
    await count(1);
  }
  const last = new MitoProcess(['tasks', 'exec', '-n', uuid, '--', 'sleep', '3600'], stack.env);
  await count(2);
  await stack.mito('tasks', 'cancel', uuid);
  const { code, stderr } = await last.ended;
  t.is(code, 1);
  t.regex(stderr, /the task has ended/);
  await count(0);
  const late = await stack.mito('tasks', 'exec', '-n', uuid, '--', 'true');
  t.is(late.code, 1);
  t.regex(late.stderr, /the task has ended: it is cancelled/);
});

onEachBackend('files of a running task are listed, printed and fetched, and nothing else is', async (t, stack) => {
  const { uuid } = await host(t, stack);
  const { mito } = stack;
  t.regex((await mito('tasks', 'ls', uuid)).stdout, /exec\/[^]*result\//);
  t.regex((await mito('tasks', 'ls', uuid, 'exec')).stdout, /away -> \/etc\/passwd[^]*kept\.txt +5 B[^]*pipe/);
  t.is((await mito('tasks', 'cat', uuid, 'exec/kept.txt')).stdout, 'kept\n');
  const refused: readonly [place: string, message: RegExp][] = [
    ['exec/away', /leads out of the folders/],
    ['../../etc/passwd', /leads out of the folders/],
    ['/etc/passwd', /there is no/],
    ['exec/pipe', /FIFO/],
    ['exec', /folder/],
    ['output.spool', /the folders of the task are/],
    ['exec/nothing', /there is no "exec\/nothing"/],
  ];
  for (const [place, message] of refused) {
    const { code, stderr, stdout } = await mito('tasks', 'cat', uuid, place);
    t.not(code, 0, place);
    t.regex(stderr, message);
    t.is(stdout, '');
  }
  const dir = await tempDir(t);
  t.is((await mito('tasks', 'download', uuid, 'exec/kept.txt', '-o', `${dir}/`)).code, 0);
  t.is(await readFile(path.join(dir, 'kept.txt'), 'utf8'), 'kept\n');
  t.is((await mito('tasks', 'download', uuid, 'exec', '-o', `${dir}/`)).code, 0);
  t.deepEqual([...(await readFile(path.join(dir, 'exec.tar.gz'))).subarray(0, 2)], [0x1f, 0x8b]);
});

onEachBackend('"forward" passes connections on, each direction by itself, until the task ends', async (t, stack) => {
  const { uuid, line: port } = await start(t, stack, 'python3', '-c', ECHO);
  const closed = await stack.mito('tasks', 'forward', uuid, '0:1');
  t.is(closed.code, 1);
  t.regex(closed.stderr, new RegExp(`no process of the task listens on port 1 .*it listens on ${port}`));
  const forward = new MitoProcess(['tasks', 'forward', '--json', uuid, `0:${port}`], stack.env);
  const { address } = JSON.parse(await forward.firstLine()) as { address: string };
  t.regex(address, /^127\.0\.0\.1:\d+$/);
  const echo = async (index: number): Promise<void> => {
    const socket = createConnection({ host: '127.0.0.1', port: Number(address.split(':')[1]), allowHalfOpen: true });
    const sent = String(index).repeat(200_000);
    socket.end(sent);
    t.is(await text(socket), sent);
  };
  await Promise.all(Array.from({ length: 8 }, (_, index) => echo(index)));
  await stack.mito('tasks', 'cancel', uuid);
  const { code, stderr } = await forward.ended;
  t.is(code, 0);
  t.regex(stderr, /the task has ended/);
});

test.serial('who may only read a task may not go into it; what can not be is said, with the option', async (t) => {
  const stack = stacks.get('postgres') as E2eStack;
  const { mito, ready } = stack;
  const { uuid } = await host(t, stack);
  const cases: readonly [argv: readonly string[], message: RegExp][] = [
    [['tasks', 'exec', '-it', uuid, '--', 'bash'], /-it: standard input and output have to be a terminal/],
    [['tasks', 'exec', '--json', uuid, '--', 'true'], /--json/],
    [['tasks', 'forward', uuid, 'x'], /\[LOCAL:\]PORT/],
    [['tasks', 'forward', uuid, '70000'], /is not a port/],
  ];
  for (const [argv, message] of cases) {
    const result = await mito(...argv);
    t.is(result.code, 2, argv.join(' '));
    t.regex(result.stderr, message);
  }
  const reader = { ...stack.env, MITO_CONFIG_DIR: await tempDir(t) };
  const password = 'correct horse battery staple';
  t.is((await mito('admin', 'users', 'create', 'peeker', password)).code, 0);
  t.is((await mito('groups', 'update-user', ready.admin.username, 'peeker:read')).code, 0);
  t.is((await new MitoProcess(['login', 'peeker', password], reader).ended).code, 0);
  const tries = [
    ['tasks', 'exec', '-n', uuid, '--', 'true'],
    ['tasks', 'forward', uuid, '80'],
    ['tasks', 'ls', uuid],
    ['tasks', 'cat', uuid, 'exec/kept.txt'],
  ];
  for (const argv of tries) {
    const { code, stderr } = await new MitoProcess(argv, reader).ended;
    t.is(code, 3, argv.join(' '));
    t.regex(stderr, /needs the role write/);
  }
});
