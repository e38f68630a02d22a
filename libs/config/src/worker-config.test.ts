import test from 'ava';
import { WorkerConfig } from './worker-config.js';

const problem = (values: object): string => WorkerConfig.safeParse(values).error?.issues[0]?.message ?? '';

test('the environment of tasks is a table, or pairs in one variable', (t) => {
  t.deepEqual(WorkerConfig.parse({ env: { A: '1,2' } }).env, { A: '1,2' });
  t.deepEqual(WorkerConfig.parse({ env: 'A=1=2, B=' }).env, { A: '1=2', B: '' });
  t.deepEqual(WorkerConfig.parse({ path: '/opt/a,/opt/b' }).path, ['/opt/a', '/opt/b']);
  t.like(WorkerConfig.parse({}), { env: {}, path: [], pass_env: [], home: 'scratch' });
});

test('what can not be an environment is refused', (t) => {
  t.regex(problem({ env: 'A' }), /NAME=VALUE/);
  t.regex(problem({ env: { 'A-B': '1' } }), /letters, digits/);
  t.regex(problem({ env: { MITO_TOKEN: '1' } }), /those of Mitosis/);
  t.regex(problem({ pass_env: ['MITO_TOKEN'] }), /passed on/);
  t.regex(problem({ path: ['bin'] }), /absolute/);
  t.regex(problem({ path: ['/a:/b'] }), /without ":"/);
  t.not(problem({ home: 'here' }), '');
  t.not(problem({ prolog: '' }), '');
});
