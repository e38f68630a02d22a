import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { TaskDetail } from '@mitosis/protocol';
import { fileScope, tempDir } from '@mitosis/testing';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;

test.before(async () => {
  stack = await startStack(file, { slots: 4 });
});

/** Waits for $MITO_STOP, as a program does that looks at it between its steps. */
const UNTIL_STOP = 'while ! [ -e "$MITO_STOP" ]; do sleep 0.05; done; cat "$MITO_STOP"';

async function detail(uuid: string): Promise<TaskDetail> {
  return stack.json<TaskDetail>('tasks', 'get', uuid);
}

async function submit(...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await stack.mito('tasks', 'submit', '--quiet', ...options);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

test('a file warns a program before its time limit', async (t) => {
  const argv = ['run', '--timeout', '1h', '--warn-before', '3599s', '--shell', UNTIL_STOP];
  const { code, stdout } = await stack.mito(...argv);
  t.is(code, 0);
  const notice = JSON.parse(stdout) as { deadline: string };
  t.like(notice, { reason: 'timeout', seconds_left: 3599 });
  t.true(Date.parse(notice.deadline) > Date.now());
});

test('a signal reaches the program behind a shell, and ends nobody who does not handle it', async (t) => {
  const inner = `trap "echo saved; exit 75" USR2; while :; do sleep 0.05; done`;
  const warned = ['--timeout', '1h', '--warn-before', '3599s:USR2'];
  const shell = `sh -c '${inner}'; echo "ended with $?"`;
  t.like(await stack.mito('run', ...warned, '--shell', shell), { code: 0, stdout: 'saved\nended with 75\n' });
  const uuid = await submit(...warned, '--shell', UNTIL_STOP);
  await stack.mito('tasks', 'wait', uuid);
  const { state, attempts } = await detail(uuid);
  t.is(state, 'completed');
  t.regex(attempts[0]?.notes.join() ?? '', /SIGUSR2 was not sent .* no process handles it/);
});

test('a program that is cancelled finds the reason', async (t) => {
  const uuid = await submit('--shell', `trap "" TERM; echo ready; ${UNTIL_STOP}`);
  const logs = stack.spawn('tasks', 'logs', '-f', uuid);
  await logs.firstLine();
  await stack.mito('tasks', 'cancel', uuid);
  t.regex((await logs.ended).stdout, /"reason":"cancelled","seconds_left":10/);
});

test('a task asks to be run again, and is counted apart from its failures', async (t) => {
  const dir = await tempDir(t);
  const counter = path.join(dir, 'counter');
  await writeFile(counter, '');
  const steps = [
    `echo x >> '${counter}'; n=$(wc -l < '${counter}')`,
    '[ "$n" = 1 ] && exit 75',
    '[ "$n" = 2 ] && exec sleep 600',
    '[ "$n" = 3 ] && exit 3',
    'exit 0',
  ];
  const options = ['--requeue-on', 'timeout,75', '--timeout', '15s', '--retries', '1', '--retry-delay', '0s'];
  const uuid = await submit(...options, '--shell', steps.join('\n'));
  t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
  const task = await detail(uuid);
  t.like(task, { state: 'completed', attempt: 4, requeues: 2, failures: 1, losses: 0, requeue_on: ['timeout', 75] });
  t.deepEqual(
    task.attempts.map(({ outcome, exit_code: exitCode }) => [outcome, exitCode]),
    [
      ['exited', 75],
      ['timed_out', 143],
      ['exited', 3],
      ['exited', 0],
    ],
  );
});

test('a task that always asks to be run again ends at its bound', async (t) => {
  const again = ['--requeue-on', '75', '--requeue-max', '2', '--retry-delay', '0s'];
  const uuid = await submit(...again, '--', 'sh', '-c', 'exit 75');
  t.is((await stack.mito('tasks', 'wait', uuid)).code, 1);
  const task = await detail(uuid);
  t.like(task, { state: 'failed', reason: 'requeue_limit', attempt: 3, requeues: 3, failures: 0 });
  t.regex(task.message ?? '', /asked to be run again 3 times, 2 are allowed/);
});

for (const [options, message] of [
  [['--warn-before', '5m'], /warn_before_ms: the task has no time limit/],
  [['--timeout', '10s', '--warn-before', '5m'], /warn_before_ms: must be shorter than the time limit/],
  [['--timeout', '1h', '--warn-before', '5m:KILL'], /--warn-before: "KILL" is not a signal for a warning/],
  [['--timeout', '1h', '--warn-before', 'soon'], /--warn-before: /],
  [['--requeue-on', 'preemption'], /--requeue-on: "preemption" is neither/],
  [['--requeue-on', '0'], /--requeue-on: "0" is neither/],
  [['--requeue-on', '75', '--requeue-max', '0'], /--requeue-max: "0" is out of range/],
] as const)
  test(`${options.join(' ')} is refused`, async (t) => {
    const { code, stderr } = await stack.mito('tasks', 'submit', ...options, '--', 'true');
    t.not(code, 0);
    t.regex(stderr, message);
  });
