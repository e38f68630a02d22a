import test from 'ava';
import { parseEnv, parseEnvLines } from './env-lines.js';

test('pairs and lines become variables, and the last one of a name counts', (t) => {
  t.deepEqual(parseEnv(['A=1', 'B=x=y', 'A=2', 'constructor=3']), { A: '2', B: 'x=y', constructor: '3' });
  t.deepEqual(parseEnvLines('# a comment\n\nexport A="1 2"\r\nB = 3\n', '--env-file'), { A: '1 2', B: '3' });
});

test('what can not be a variable is refused with its option', (t) => {
  t.throws(() => parseEnv(['=1']), { message: /^--env: "=1" is not of the form NAME=VALUE/ });
  t.throws(() => parseEnv(['__proto__=1']), { message: /^--env: "__proto__" can not be a name/ });
  t.throws(() => parseEnvLines('__proto__ = 1', '--env-file'), {
    message: /^--env-file: "__proto__" can not be a name/,
  });
});
