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

test('durations for people have at most two units', (t) => {
  const shown = [12, 2_400, 200_000, 3_900_000, 183_600_000].map(formatDuration);
  t.deepEqual(shown, ['12 ms', '2.4 s', '3 m 20 s', '1 h 5 m', '2 d 3 h']);
});
