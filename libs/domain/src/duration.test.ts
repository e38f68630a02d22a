import test from 'ava';
import { formatDuration, parseDuration } from './index.js';

const parses = test.macro({
  exec: (t, text: string, ms: number) => t.is(parseDuration(text, 'timeout'), ms),
  title: (_, text, ms) => `${text} is ${ms} ms`,
});
for (const [text, ms] of [
  ['500ms', 500],
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  ['10min', 600_000],
] as const)
  test(parses, text, ms);

const refuses = test.macro({
  exec: (t, text: string) =>
    t.throws(() => parseDuration(text, 'timeout'), { code: 'invalid_request', message: /^timeout: / }),
  title: (_, text) => `"${text}" is not a duration, and the error names the field`,
});
for (const text of ['', '500', '-5m', '0s', '1x', 's', '1 h', '5mm']) test(refuses, text);

test('a duration that was nearly right is guessed', (t) => {
  t.throws(() => parseDuration('90', '--timeout'), {
    message: '--timeout: "90" is not a duration: it has no unit; did you mean 90s?',
  });
  t.throws(() => parseDuration('2 h', '--timeout'), {
    message: '--timeout: "2 h" is not a duration; did you mean 2h?',
  });
  t.throws(() => parseDuration('0s', '--timeout'), { message: /must be longer than zero/ });
  t.is(parseDuration('0s', '--retry-delay', { isZeroAllowed: true }), 0);
  for (const text of ['99999999999999999d', '1'.repeat(400) + 's', 'NaNs', '1e3s', 'Infinitys'])
    t.throws(() => parseDuration(text, '--timeout'), { code: 'invalid_request' }, text);
});

test('durations for people have at most two units', (t) => {
  const shown = [12, 2_400, 200_000, 3_900_000, 183_600_000].map(formatDuration);
  t.deepEqual(shown, ['12 ms', '2.4 s', '3 m 20 s', '1 h 5 m', '2 d 3 h']);
});
