import test from 'ava';
import { MitoError } from './errors.js';
import { assertWarning, parseWarning } from './warning.js';

test('a warning is a time, with or without a signal', (t) => {
  t.deepEqual(parseWarning('5m', '--warn-before'), { warn_before_ms: 300_000 });
  t.deepEqual(parseWarning('90s:USR2', '--warn-before'), { warn_before_ms: 90_000, warn_signal: 'SIGUSR2' });
  t.deepEqual(parseWarning('1h:sigterm', '--warn-before'), { warn_before_ms: 3_600_000, warn_signal: 'SIGTERM' });
});

for (const text of ['', '5', '5m:', '5m:KILL', '5m:STOP', '5m:12', ':USR1', '5m:USR1:USR2', '-5m'])
  test(`"${text}" is not a warning`, (t) => {
    const error = t.throws(() => parseWarning(text, '--warn-before'), { instanceOf: MitoError });
    t.regex(error?.message ?? '', /^--warn-before: /);
  });

test('a warning needs a longer time limit', (t) => {
  t.notThrows(() => assertWarning(undefined, null));
  t.notThrows(() => assertWarning(4_999, 5_000));
  t.throws(() => assertWarning(5_000, 5_000), { message: /^warn_before_ms: must be shorter/ });
  t.throws(() => assertWarning(5_000, null), { message: /no time limit/ });
});
