import test, { type ExecutionContext } from 'ava';
import type { TaskDetail, TaskReceipt } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { MitoProcess } from './harness/mito-process.js';
import { processesWith } from './harness/processes.js';
import { BACKENDS, startStack, type E2eStack } from './harness/stack.js';
import { openTerminal, type Terminal } from './harness/terminal.js';

const file = fileScope(test);
const stacks = new Map<string, E2eStack>();

test.before(async () => {
  for (const backend of BACKENDS) stacks.set(backend, await startStack(file, { backend, slots: 4 }));
});

function onEachBackend(title: string, body: (t: ExecutionContext, stack: E2eStack) => Promise<void>): void {
  for (const backend of BACKENDS) test.serial(`${backend}: ${title}`, (t) => body(t, stacks.get(backend) as E2eStack));
}

const BASH = ['bash', '--norc', '-i'];
const CTRL_C = '\u0003';
const DETACH = '\u0010\u0011';

/** A shell on a worker, at its prompt; returns the uuid of its task as well. */
async function openShell(
  t: ExecutionContext,
  { env, json }: E2eStack,
  name: string,
): Promise<{ shell: Terminal; uuid: string }> {
  const shell = openTerminal(t, ['run', '--name', name, '-e', 'PS1=worker> ', '-it', '--', ...BASH], env);
  await shell.sees(/worker> /);
  return { shell, uuid: (await json<TaskDetail>('tasks', 'query', '--name', name)).uuid };
}

onEachBackend('"run -it" is a shell on the worker: keys, Ctrl-C, sizes and the exit code', async (t, stack) => {
  const { shell } = await openShell(t, stack, 'a shell');
  shell.type('echo "in $(basename $MITO_EXEC_DIR) on $TERM"; stty size\r');
  await shell.sees(/in exec on xterm-256color\n40 110\n[^]*worker> /);
  shell.type('sleep 600\r');
  await shell.sees(/sleep 600\n/);
  shell.type(CTRL_C);
  await shell.sees(/\^C\n[^]*worker> /);
  shell.resize(70, 20);
  await shell.sees(/worker> /);
  shell.type('echo $?; stty size\r');
  await shell.sees(/130\n20 70\n/);
  shell.type('exit 7\r');
  t.is(await shell.ended(), 7);
});

onEachBackend('ctrl-p ctrl-q leaves the program running; "attach" comes back; all of it is kept', async (t, stack) => {
  const { shell, uuid } = await openShell(t, stack, 'left alone');
  shell.type('greeting=hello\r');
  await shell.sees(/worker> /);
  shell.type(DETACH);
  await shell.sees(new RegExp(`detached from task ${uuid}`));
  t.is(await shell.ended(), 0);
  t.is((await stack.json<TaskDetail>('tasks', 'get', uuid)).state, 'running');
  const back = openTerminal(t, ['tasks', 'attach', uuid], stack.env);
  const second = openTerminal(t, ['tasks', 'attach', uuid], stack.env);
  await Promise.all([back.sees(/worker> /), second.sees(/worker> /)]);
  back.type('echo "$greeting again"; exit 3\r');
  await Promise.all([back.sees(/hello again\n/), second.sees(/hello again\n/)]);
  t.deepEqual(await Promise.all([back.ended(), second.ended()]), [3, 3]);
  t.regex((await stack.mito('tasks', 'logs', uuid)).stdout, /greeting=hello\r\n[^]*hello again\r\n/);
  const late = openTerminal(t, ['tasks', 'attach', uuid], stack.env);
  await late.sees(/the task has ended; "mito tasks logs/);
  t.is(await late.ended(), 1);
});

onEachBackend('a cancelled task ends its terminal, with every process in it', async (t, stack) => {
  const { shell, uuid } = await openShell(t, stack, 'to be cancelled');
  shell.type('sleep 600 & sleep 600\r');
  await eventually(async () => (await processesWith(`MITO_TASK_UUID=${uuid}`)).length === 3, {
    message: 'its processes',
  });
  await stack.mito('tasks', 'cancel', uuid, '--reason', 'enough');
  await shell.sees(/the task was cancelled \(enough\)/);
  t.not(await shell.ended(), 0);
  t.deepEqual(await processesWith(`MITO_TASK_UUID=${uuid}`), []);
});

test.serial('"attach" waits for a task that has not started', async (t) => {
  const stack = stacks.get('postgres') as E2eStack;
  await stack.mito('groups', 'suspend', stack.ready.admin.username);
  const { uuid } = await stack.json<TaskReceipt>('tasks', 'submit', '--pty', '-e', 'PS1=worker> ', '--', ...BASH);
  const shell = openTerminal(t, ['tasks', 'attach', uuid], stack.env);
  await shell.sees(/has not started yet/);
  await stack.mito('groups', 'resume', stack.ready.admin.username);
  await shell.sees(/worker> /);
  shell.type('exit 4\r');
  t.is(await shell.ended(), 4);
});

test.serial('--pty alone gives a terminal without a person', async (t) => {
  const { mito } = stacks.get('postgres') as E2eStack;
  const { code, stdout } = await mito('run', '--pty', '--', 'sh', '-c', 'test -t 0 && test -t 1 && stty size; exit 5');
  t.is(code, 5);
  t.is(stdout, '24 80\r\n');
});

test.serial('what can not be is said, with the option', async (t) => {
  const { mito, json, env, ready } = stacks.get('postgres') as E2eStack;
  const cases: readonly [argv: readonly string[], code: number, message: RegExp][] = [
    [['run', '-it', '--', 'bash'], 2, /-it: standard input and output have to be a terminal/],
    [['run', '-it', '--json', '--', 'bash'], 2, /--json/],
    [['tasks', 'attach', '0191f1f0-0000-7000-8000-000000000000'], 2, /have to be a terminal/],
    [['run', '--pty', '--stdin', '/etc/hostname', '--', 'cat'], 2, /stdin_base64.*terminal/],
    [['tasks', 'submit', '--log-limit', '12 lines', '--', 'true'], 2, /--log-limit/],
    [['tasks', 'submit', '--log-limit', '10', '--', 'true'], 2, /--log-limit: /],
  ];
  for (const [argv, code, message] of cases) {
    const result = await mito(...argv);
    t.is(result.code, code, argv.join(' '));
    t.regex(result.stderr, message);
  }
  const { uuid } = await json<TaskReceipt>('tasks', 'submit', '--', 'sleep', '600');
  const plain = openTerminal(t, ['tasks', 'attach', uuid], env);
  await plain.sees(/no terminal: submit it with --pty/);
  t.is(await plain.ended(), 1);
  const reader = { ...env, MITO_CONFIG_DIR: await tempDir(t) };
  const password = 'correct horse battery staple';
  const created = await mito('admin', 'users', 'create', 'onlooker', password);
  t.is(created.code, 0, created.stderr);
  t.is((await mito('groups', 'update-user', ready.admin.username, 'onlooker:read')).code, 0);
  t.is((await new MitoProcess(['login', 'onlooker', password], reader).ended).code, 0);
  const refused = openTerminal(t, ['tasks', 'attach', uuid], reader);
  await refused.sees(/needs the role write/);
  t.is(await refused.ended(), 3);
  await mito('tasks', 'cancel', uuid);
});

onEachBackend('a terminal outlives the coordinator: what is typed meanwhile arrives', async (t, stack) => {
  const { shell } = await openShell(t, stack, 'long-lived');
  process.kill(stack.ready.pids.coordinator, 'SIGKILL');
  shell.type('echo "still $((40 + 2))"\r');
  await shell.sees(/still 42\n/);
  shell.type('exit 0\r');
  t.is(await shell.ended(), 0);
});

onEachBackend('when the worker dies, the person is told and may sit down at the next attempt', async (t, stack) => {
  const { shell } = await openShell(t, stack, 'orphaned');
  process.kill(stack.ready.pids.workers[0] ?? 0, 'SIGKILL');
  const typed = setInterval(() => shell.type('x'), 500);
  t.teardown(() => clearInterval(typed));
  await shell.sees(/started again: attempt 2[^]*worker> /);
  clearInterval(typed);
  shell.type(CTRL_C);
  await shell.sees(/\^C[^]*worker> /);
  shell.type('exit 6\r');
  t.is(await shell.ended(), 6);
});
