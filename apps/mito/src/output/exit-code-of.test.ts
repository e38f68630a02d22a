import test from 'ava';
import { exitCodeOf } from './exit-code-of.js';

const CASES = [
  [{ state: 'completed', exit_code: 0, signal: null }, 0],
  [{ state: 'failed', exit_code: 7, signal: null }, 7],
  [{ state: 'failed', exit_code: null, signal: 'SIGKILL' }, 137],
  [{ state: 'failed', exit_code: 137, signal: 'SIGKILL' }, 137],
  [{ state: 'failed', exit_code: null, signal: 'SIG34' }, 162],
  [{ state: 'failed', exit_code: 256, signal: null }, 255],
  [{ state: 'failed', exit_code: -1, signal: null }, 255],
  [{ state: 'failed', exit_code: null, signal: null }, 1],
  [{ state: 'failed', exit_code: 0, signal: null }, 1],
  [{ state: 'cancelled', exit_code: 0, signal: null }, 1],
] as const;

for (const [task, code] of CASES) {
  test(`${JSON.stringify(task)} is handed on as ${code}`, (t) => t.is(exitCodeOf(task), code));
}
