import test from 'ava';
import { EMPTY, tasksOf } from './draft.js';

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

test('what is missing or wrong is named', (t) => {
  for (const [changes, message] of [
    [{ command: ' ' }, /^Command/],
    [{ command: 'x', env: 'A' }, /^Environment/],
    [{ command: 'x', retries: '1.5' }, /^Retries/],
    [{ command: 'x', timeout: 'soon' }, /^Time limit/],
    [{ command: 'x', sweep: 'lr' }, /Sweep/],
    [{ command: 'x {lr}', sweep: 'seed=1' }, /lr/],
  ] as const)
    t.throws(() => tasksOf({ ...EMPTY, ...changes }), { message });
});
