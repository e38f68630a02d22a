import test from 'ava';
import { EMPTY, jobFieldsOf, tasksOf } from './draft.js';

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

test('what is missing or wrong is named', (t) => {
  for (const [changes, message] of [
    [{ command: ' ' }, /^Command/],
    [{ command: 'x', env: 'A' }, /^Environment/],
    [{ command: 'x', retries: '1.5' }, /^Retries/],
    [{ command: 'x', timeout: 'soon' }, /^Time limit/],
    [{ command: 'x', sweep: 'lr' }, /Sweep/],
    [{ command: 'x', mem: '64' }, /no unit/],
    [{ command: 'x', atOnce: '2' }, /limits of a sweep/],
    [{ command: 'x {a}', sweep: 'a=1', atOnce: '0' }, /^Running at a time/],
    [{ command: 'x {lr}', sweep: 'seed=1' }, /lr/],
  ] as const)
    t.throws(() => tasksOf({ ...EMPTY, ...changes }), { message });
});
