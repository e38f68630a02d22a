import { constants } from 'node:os';
import test from 'ava';
import { exitCodeOfSignal, processExitCode } from './exit-code.js';

test('the exit code of a signal is that of a shell, for every signal of the system', (t) => {
  for (const [name, number] of Object.entries(constants.signals)) t.is(exitCodeOfSignal(name), 128 + number, name);
  t.is(exitCodeOfSignal('SIG34'), 162);
  t.is(exitCodeOfSignal(null), undefined);
  t.is(exitCodeOfSignal('SIGWHAT'), 255);
});

test('an exit code out of range counts as 255, and only 0 is 0', (t) => {
  t.deepEqual([0, 1, 255].map(processExitCode), [0, 1, 255]);
  t.deepEqual([-1, 256, 512, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, Number.NaN].map(processExitCode), Array(7).fill(255));
});
