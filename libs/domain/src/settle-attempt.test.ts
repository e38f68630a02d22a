import test from 'ava';
import fc from 'fast-check';
import {
  LOSSES_MAX,
  RETRY_DELAY_MAX_MS,
  retryDelayMs,
  settleAttempt,
  type AttemptEnd,
  type RetryPolicy,
  type Settlement,
} from './index.js';

const once: RetryPolicy = { retries: 0, retryExitCodes: [], retryDelayMs: 1000 };

const settles = test.macro({
  exec(t, end: AttemptEnd, history: [failures: number, losses: number], policy: RetryPolicy, expected: Settlement) {
    const [failures, losses] = history;
    t.deepEqual(settleAttempt(end, { failures, losses }, policy, 0), expected);
  },
  title: (sentence) => sentence ?? '',
});

test('exit code 0 completes the task', settles, { outcome: 'exited', exitCode: 0 }, [0, 0], once, {
  event: 'complete',
});
test('another exit code fails it', settles, { outcome: 'exited', exitCode: 3 }, [1, 0], once, {
  event: 'fail',
  reason: 'exit_code',
});
test('a signal fails it', settles, { outcome: 'exited', exitCode: null, signal: 'SIGSEGV' }, [1, 0], once, {
  event: 'fail',
  reason: 'signal',
});
test('a timeout fails it', settles, { outcome: 'timed_out', signal: 'SIGTERM' }, [1, 0], once, {
  event: 'fail',
  reason: 'timeout',
});
test(
  'a retry waits before the next attempt',
  settles,
  { outcome: 'exited', exitCode: 3 },
  [1, 0],
  { ...once, retries: 1 },
  { event: 'postpone', delayMs: 500 },
);
test(
  'a retry without delay is ready at once',
  settles,
  { outcome: 'exited', exitCode: 3 },
  [1, 0],
  { ...once, retries: 1, retryDelayMs: 0 },
  { event: 'requeue' },
);
test(
  'retries are used up by failures',
  settles,
  { outcome: 'exited', exitCode: 3 },
  [2, 0],
  { ...once, retries: 1 },
  { event: 'fail', reason: 'exit_code' },
);
test(
  'only the given exit codes are tried again',
  settles,
  { outcome: 'exited', exitCode: 3 },
  [1, 0],
  { ...once, retries: 5, retryExitCodes: [75] },
  { event: 'fail', reason: 'exit_code' },
);
test('a lost worker costs no retry', settles, { outcome: 'lost' }, [0, 1], once, { event: 'requeue' });
test('a task that keeps losing workers is failed', settles, { outcome: 'lost' }, [0, LOSSES_MAX], once, {
  event: 'fail',
  reason: 'worker_lost',
});
test(
  'an error of the worker costs no retry, and is tried again a little later',
  settles,
  { outcome: 'worker_error' },
  [0, 1],
  once,
  { event: 'postpone', delayMs: 1000 },
);
test('a task that no worker can run is failed', settles, { outcome: 'worker_error' }, [0, LOSSES_MAX], once, {
  event: 'fail',
  reason: 'worker_error',
});
test('a planned stop is never counted', settles, { outcome: 'released' }, [9, 9], once, { event: 'requeue' });
test(
  'a cancelled attempt cancels the task',
  settles,
  { outcome: 'cancelled' },
  [0, 0],
  { ...once, retries: 9 },
  { event: 'cancel' },
);

const again: RetryPolicy = { ...once, requeueOn: ['timeout', 'lost', 75], requeuesMax: 5 };
const asked = test.macro((t, end: AttemptEnd, requeues: number, expected: Settlement) => {
  t.deepEqual(settleAttempt(end, { failures: 1, losses: 0, requeues }, again, 0), expected);
});

test('a time limit that was asked for runs the task again at once', asked, { outcome: 'timed_out' }, 1, {
  event: 'requeue',
});
test('an exit code that was asked for runs it again after its delay', asked, { outcome: 'exited', exitCode: 75 }, 5, {
  event: 'postpone',
  delayMs: 1000,
});
test('a task is not run again without end', asked, { outcome: 'exited', exitCode: 75 }, 6, {
  event: 'fail',
  reason: 'requeue_limit',
});
test('another exit code is a failure', asked, { outcome: 'exited', exitCode: 1 }, 1, {
  event: 'fail',
  reason: 'exit_code',
});
test('exit code 0 is never run again', asked, { outcome: 'exited', exitCode: 0 }, 0, { event: 'complete' });
test('losses that were asked for have the bound of the task', (t) => {
  const lost = (losses: number) => settleAttempt({ outcome: 'lost' }, { failures: 0, losses }, again, 0);
  t.deepEqual(lost(LOSSES_MAX), { event: 'requeue' });
  t.deepEqual(lost(5), { event: 'fail', reason: 'worker_lost' });
});
test('a cancelled task is not run again', (t) => {
  const history = { failures: 0, losses: 0, requeues: 1, isCancelRequested: true };
  t.deepEqual(settleAttempt({ outcome: 'timed_out' }, history, again, 0), { event: 'cancel' });
});

test('the delay doubles with each failure, keeps half of itself and stays within its bound', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 0, max: 3_600_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, first, random) => {
        const full = Math.min(first * 2 ** (failures - 1), RETRY_DELAY_MAX_MS);
        const delay = retryDelayMs(failures, { ...once, retryDelayMs: first }, random);
        t.true(delay >= Math.floor(full / 2) && delay <= full + 1);
      },
    ),
  );
});
