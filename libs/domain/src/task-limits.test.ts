import test from 'ava';
import { MitoError } from './errors.js';
import { LimitsInForce, NO_TASK_LIMITS, type TaskLimits, type TimeLimit } from './task-limits.js';

interface Case {
  readonly group?: Partial<TaskLimits>;
  readonly deployment?: Partial<TaskLimits>;
  readonly asked: number | null | undefined;
  readonly gets: TimeLimit | RegExp;
}

const timeLimit = test.macro((t, { group, deployment, asked, gets }: Case) => {
  const limits = new LimitsInForce('lab', { ...NO_TASK_LIMITS, ...group }, { ...NO_TASK_LIMITS, ...deployment });
  if (gets instanceof RegExp) {
    const error = t.throws(() => limits.timeLimit(asked), { instanceOf: MitoError, code: 'invalid_request' });
    t.regex(error?.message ?? '', gets);
  } else t.deepEqual(limits.timeLimit(asked), gets);
});

const HOUR = 3_600_000;
const day = { timeoutMaxMs: 24 * HOUR };

test('without limits a task has no time limit', timeLimit, {
  asked: undefined,
  gets: { ms: null, from: 'deployment' },
});
test('the default of the deployment', timeLimit, {
  deployment: { timeoutDefaultMs: HOUR },
  asked: undefined,
  gets: { ms: HOUR, from: 'deployment' },
});
test('the default of the group wins over that of the deployment', timeLimit, {
  group: { timeoutDefaultMs: 2 * HOUR },
  deployment: { timeoutDefaultMs: HOUR },
  asked: undefined,
  gets: { ms: 2 * HOUR, from: 'group' },
});
test('the maximum is the default when there is no other', timeLimit, {
  group: day,
  asked: undefined,
  gets: { ms: 24 * HOUR, from: 'group' },
});
test('a default is never longer than the maximum', timeLimit, {
  group: { timeoutDefaultMs: 48 * HOUR },
  deployment: day,
  asked: undefined,
  gets: { ms: 24 * HOUR, from: 'deployment' },
});
test('a task that names a limit has that one', timeLimit, {
  group: { ...day, timeoutDefaultMs: HOUR },
  asked: 5,
  gets: { ms: 5, from: 'task' },
});
test('no limit is possible under a default', timeLimit, {
  group: { timeoutDefaultMs: HOUR },
  asked: null,
  gets: { ms: null, from: 'task' },
});
test('no limit under a maximum is the maximum', timeLimit, {
  group: day,
  asked: null,
  gets: { ms: 24 * HOUR, from: 'group' },
});
test('the maximum itself is allowed', timeLimit, {
  group: day,
  asked: 24 * HOUR,
  gets: { ms: 24 * HOUR, from: 'task' },
});
test('more than the maximum of the group', timeLimit, {
  group: day,
  asked: 24 * HOUR + 1,
  gets: /timeout_ms: .* longer than the group "lab" allows; use 1 d 0 h or less/,
});
test('more than the smaller maximum, which is the deployment’s', timeLimit, {
  group: day,
  deployment: { timeoutMaxMs: HOUR },
  asked: 2 * HOUR,
  gets: /longer than this deployment allows/,
});

test('retries: the group’s default, else the deployment’s, else nobody’s', (t) => {
  const deployment = { ...NO_TASK_LIMITS, retriesDefault: 3, retryDelayDefaultMs: 10 };
  t.is(new LimitsInForce('g', { ...NO_TASK_LIMITS, retriesDefault: 0 }, deployment).retriesDefault, 0);
  t.is(new LimitsInForce('g', NO_TASK_LIMITS, deployment).retriesDefault, 3);
  t.is(new LimitsInForce('g', NO_TASK_LIMITS, NO_TASK_LIMITS).retriesDefault, undefined);
  t.is(new LimitsInForce('g', NO_TASK_LIMITS, deployment).retryDelayMs, 10);
  t.is(new LimitsInForce('g', NO_TASK_LIMITS, NO_TASK_LIMITS).retryDelayMs, 5_000);
});
