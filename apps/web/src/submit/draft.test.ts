import test from 'ava';
import type { TaskDetail } from '@mitosis/protocol';
import { argsOf, draftOf, EMPTY, jobFieldsOf, keptOptions, tasksOf } from './draft.js';

test('a draft without a sweep is one task', (t) => {
  const [task, ...others] = tasksOf({
    ...EMPTY,
    command: ' echo hi ',
    env: 'A=b=c\n',
    tags: 'gpu, cuda',
    timeout: '2h',
  });
  t.is(others.length, 0);
  t.like(task, {
    args: ['/bin/sh', '-c', 'echo hi'],
    name: 'echo hi',
    env: { A: 'b=c' },
    tags: ['gpu', 'cuda'],
    timeout_ms: 7_200_000,
  });
});

test('a sweep is every combination, and what is put into the shell is one word', (t) => {
  const tasks = tasksOf({ ...EMPTY, command: 'train {lr} {opt}', sweep: 'lr=0.1,1e-3\nopt=a b,c' });
  t.is(tasks.length, 4);
  t.deepEqual(tasks[0]?.params, { lr: 0.1, opt: 'a b' });
  t.false(tasks[0]?.args[2]?.includes(' a b') ?? true);
});

test('resources, causes of a requeue, warnings and limits of a sweep are what the options mean', (t) => {
  const draft = {
    ...EMPTY,
    ...{ command: 'x {n}', sweep: 'n=1,2', cpus: '2', mem: '1GiB', gpus: '2:A100' },
    ...{ requeueOn: 'lost, 75', warn: '5m:usr2', checkpointEvery: '15m', atOnce: '1', maxFails: '0' },
    ...{ notify: 'me', notifyOn: 'failed,stuck=30m', kept: { secrets: ['TOKEN'] } },
  };
  const [task] = tasksOf(draft);
  t.like(task, {
    needs: [{ cpus: 2, mem_bytes: 2 ** 30, gpus: 2, gpu_model: 'a100' }],
    requeue_on: ['lost', 75],
    warn_before_ms: 300_000,
    warn_signal: 'SIGUSR2',
    checkpoint_every_ms: 900_000,
    secrets: ['TOKEN'],
  });
  t.is(task?.notify, undefined, 'one message for the job');
  t.deepEqual(jobFieldsOf(draft), {
    at_once: 1,
    max_fails: 0,
    notify: { to: ['me'], on: ['failed', 'stuck'], stuck_after_ms: 1_800_000 },
  });
});

const task = (changes: Partial<TaskDetail>): TaskDetail =>
  // Only what a draft reads.
  ({
    ...{ name: 'x', group: 'lab', env: {}, tags: [], labels: [], resources: [], retries: 0, priority: 0 },
    ...{ timeout_ms: null, terminal: false, limits: {}, needs: [], cwd: null, pty: null, env_setup: null },
    ...{ requeue_on: [], retry_exit_codes: [], retry_delay_ms: 1_000, log_limit_bytes: null, notify: null },
    ...{ warn_before_ms: null, warn_signal: null, checkpoint_every_ms: null },
    ...changes,
  }) as unknown as TaskDetail;

test('a task that is run again keeps its arguments, and takes a shell where a change needs one', (t) => {
  for (const args of [
    ['python', 'train.py', '--lr', '0.1'],
    ['echo', "it's", 'a b', '$HOME', '*', '', '~', '#x', '{n}', 'ü', 'line\nbreak', 'back\\slash'],
    ['bash', '-c', 'for i in 1 2; do echo "$i"; done'],
    ['/bin/sh', '-c', ' echo a | cat'],
  ])
    t.deepEqual(
      argsOf(draftOf(task({ args }))),
      args.map((arg, at) => (args[0] === '/bin/sh' && at === 2 ? arg.trim() : arg)),
    );
  const draft = draftOf(task({ args: ['echo', 'a'] }));
  t.deepEqual(argsOf({ ...draft, command: 'echo "b c" \\$x' }), ['echo', 'b c', '$x']);
  const lines = [
    'echo a | cat',
    'echo $x',
    'echo "$x"',
    'echo *',
    'A=b echo',
    'a\nb',
    'a; b',
    "echo 'open",
    'ls ~',
    'a # b',
  ];
  for (const command of lines) t.deepEqual(argsOf({ ...draft, command }), ['/bin/sh', '-c', command]);
});

test('a task that is run again keeps its resources, its inputs and its time limit', (t) => {
  const inputs = [
    { from: 'attachment' as const, key: 'data.csv', path: 'd.csv', unpack: false },
    { from: 'artifact' as const, task: 'u', kind: 'result' as const, path: 'r', unpack: true },
  ];
  const needs = [{ cpus: 2, mem_bytes: 2 ** 30, gpus: 1, gpu_model: 'a100' }];
  const draft = draftOf(
    task({ args: ['x'], timeout_ms: 5_400_000, needs, resources: inputs, log_limit_bytes: 65_536 }),
  );
  t.like(draft, { cpus: '2', mem: '1GiB', gpus: '1:a100', timeout: '90m' });
  const [again] = tasksOf(draft);
  t.like(again, { needs, timeout_ms: 5_400_000, log_limit_bytes: 65_536 });
  t.deepEqual(again?.resources, [inputs[1], inputs[0]]);
  t.deepEqual(keptOptions(draft), ['--resource', 'unpack:artifact=u:result:r', '--log-limit', '65536B']);
  const either = [{ cpus: 2 }, { gpus: 1 }];
  t.like(tasksOf(draftOf(task({ args: ['x'], needs: either })))[0], { needs: either, timeout_ms: null });
});

test('what is missing or wrong is named', (t) => {
  for (const [changes, message] of [
    [{ command: ' ' }, /^Command/],
    [{ command: 'x', env: 'A' }, /^Environment/],
    [{ command: 'x', retries: '1.5' }, /^Retries/],
    [{ command: 'x', timeout: 'soon' }, /^Time limit/],
    [{ command: 'x', timeout: '90' }, /^Time limit: "90" .* no unit; did you mean 90s/],
    [{ command: 'x', sweep: 'lr' }, /Sweep/],
    [{ command: 'x', mem: '64' }, /no unit/],
    [{ command: 'x', atOnce: '2' }, /limits of a sweep/],
    [{ command: 'x {a}', sweep: 'a=1', atOnce: '0' }, /^Running at a time/],
    [{ command: 'x {lr}', sweep: 'seed=1' }, /lr/],
  ] as const)
    t.throws(() => tasksOf({ ...EMPTY, ...changes }), { message });
});
