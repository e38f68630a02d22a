import test from 'ava';
import { parseResource } from '@mitosis/experiment';
import { TasksQueryCommand } from './commands/client/tasks/query.js';
import { TasksSubmitCommand } from './commands/client/tasks/submit.js';
import { parseRoles } from './commands/role-options.js';
import { toSubmission, type TaskOptions } from './commands/task-options.js';
import { createCli } from './create-cli.js';
import { parseKind } from './files/save-artifact.js';
import { spreadLists } from './list-words.js';

const UUID = '01890000-0000-7000-8000-000000000000';
const context = { env: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, colorDepth: 1 };

/** The submission that a line of `tasks submit` describes. */
async function submissionOf(line: string): Promise<object> {
  const words = spreadLists(['tasks', 'submit', ...line.split(' ')]);
  const command = createCli(false, TasksSubmitCommand).process([...words], context);
  return toSubmission({ ...(command as unknown as TaskOptions), terminalSize: undefined });
}

const understood = test.macro({
  exec: async (t, line: string, expected: object) => t.like(await submissionOf(line), expected),
  title: (_, line: string) => `a line of the original is understood: tasks submit ${line}`,
});

test(understood, '-g test_group -t wireless,4g -l mobile,video -e TEST_KEY=1,TEST_VAL=2 -- echo hello', {
  group: 'test_group',
  args: ['echo', 'hello'],
  tags: ['wireless', '4g'],
  labels: ['mobile', 'video'],
  env: { TEST_KEY: '1', TEST_VAL: '2' },
});
test(understood, '-t wireless 4g -- echo hello', { args: ['echo', 'hello'], tags: ['wireless', '4g'] });
test(understood, '-e A=1 B=2 --envs C=3 -- x', { args: ['x'], env: { A: '1', B: '2', C: '3' } });
test(understood, '-e A=1,2 -- x', { env: { A: '1,2' } });
test(understood, '-r attachment=k1:p1,attachment=k2:p2 -- x', {
  resources: [
    { from: 'attachment', key: 'k1', path: 'p1', unpack: false },
    { from: 'attachment', key: 'k2', path: 'p2', unpack: false },
  ],
});
test(understood, `--resources artifact=${UUID}:std:p -- x`, {
  resources: [{ from: 'artifact', task: UUID, kind: 'std-log', path: 'p', unpack: false }],
});
test(understood, `--watch ${UUID},FetchResource -- x`, { after: [{ task: UUID, when: 'started' }] });
test(understood, `--watch ${UUID},TaskCommitted -- x`, { after: [{ task: UUID, when: 'ended' }] });
test(understood, '--timeout 10min -- x', { timeout_ms: 600_000 });

test('words of the original are refused where they have no equal, with what to write', async (t) => {
  await t.throwsAsync(submissionOf(`--watch ${UUID},ExecSpawned -- x`), { message: /--watch: .* nearest is started/ });
  const query = (words: string[]) =>
    (
      createCli(false, TasksQueryCommand).process(['tasks', 'query', ...words], context) as unknown as {
        filter(): object;
      }
    ).filter();
  t.like(query(['-s', 'Running,READY', '--exit-status', '!=0']), { state: ['running', 'ready'], exit_code: '!=0' });
  t.throws(() => query(['-s', 'Finished']), { message: /"finished" .*: completed,failed/ });
  t.throws(() => query(['--exit-status', '256']), { message: /256 of the original Mitosis is exit code 1/ });
});

test('roles and kinds of artifacts are understood as the original writes them', (t) => {
  t.deepEqual(parseRoles(['alice:Write', 'bob:ADMIN'], 'USER:ROLE'), { alice: 'write', bob: 'admin' });
  t.throws(() => parseRoles(['alice:owner'], 'USER:ROLE'), { message: /roles read/ });
  t.deepEqual(['std', 'Terminal', 'ExecLog', 'result'].map(parseKind), ['std-log', 'std-log', 'exec-log', 'result']);
  t.throws(() => parseResource(`artifact=${UUID}:log:p`, '--resource'), { message: /artifact=UUID:KIND:PATH/ });
});
