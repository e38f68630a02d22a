import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { TaskReceipt, TaskView } from '@mitosis/protocol';
import { fileScope, tempDir } from '@mitosis/testing';
import { MAIN, MitoProcess } from './harness/mito-process.js';
import { startStack, type E2eStack } from './harness/stack.js';
import { openTerminal } from './harness/terminal.js';

const file = fileScope(test);
let stack: E2eStack;

test.before(async () => {
  stack = await startStack(file, { slots: 2 });
});

/** What a person says to a program through a pipe. */
async function inPipe(
  argv: readonly string[],
  input: string,
  env: Readonly<Record<string, string>>,
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(process.execPath, argv, { env: { PATH: process.env.PATH ?? '', ...env }, stdio: 'pipe' });
  const [stdout, stderr] = [child.stdout.toArray(), child.stderr.toArray()];
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  const text = async (chunks: Promise<Buffer[]>): Promise<string> => Buffer.concat(await chunks).toString();
  return { stdout: await text(stdout), stderr: await text(stderr), code };
}

test.serial('help begins with what people need first, and has every command and topics', async (t) => {
  const { code, stdout } = await new MitoProcess(['--help'], {}).ended;
  t.is(code, 0);
  t.regex(stdout, /^ {2}tasks submit /m);
  t.true(stdout.split('\n').length <= 40, stdout);
  const all = (await new MitoProcess(['help', 'all'], {}).ended).stdout;
  t.regex(all, /^ {2}admin audit query /m);
  t.regex((await new MitoProcess(['help', 'states'], {}).ended).stdout, /^ {2}running /m);
});

test.serial('the interactive mode runs commands, completes, and keeps its history', async (t) => {
  const { uuid } = await stack.json<TaskReceipt>('tasks', 'submit', '--', 'echo', 'for completion');
  const shell = openTerminal(t, ['client', '-i'], stack.env);
  await shell.sees(/mitosis_admin at http.*\n[^]*mito> /);
  shell.type('tas\t');
  await shell.sees(/tasks /);
  shell.type('qu\t');
  await shell.sees(/query /);
  shell.type('--gr\t');
  await shell.sees(/--group /);
  shell.type('\t');
  await shell.sees(/mitosis_admin /);
  shell.type('\r');
  await shell.sees(new RegExp(`UUID +STATE[^]*${uuid}[^]*mito> `));
  shell.type(`tasks get ${uuid.slice(0, -1)}`);
  await shell.sees(new RegExp(uuid.slice(0, -1)));
  shell.type('\t');
  await shell.sees(new RegExp(uuid.at(-1) ?? ''));
  shell.type('\r');
  await shell.sees(/name +echo for completion[^]*mito> /);
  shell.type(`run -- sh -c 'echo "two  blanks"'\r`);
  await shell.sees(/two {2}blanks\n[^]*mito> /);
  shell.type('help tasks\r');
  await shell.sees(/tasks submit[^]*mito> /);
  shell.type('tasks get\r');
  await shell.sees(/Not enough positional arguments[^]*mito> /);
  shell.type('up\r');
  await shell.sees(/terminal of its own[^]*mito> /);
  shell.type('cmd -- echo $((40 + 2))\r');
  await shell.sees(/^42[^]*mito> /m);
  shell.type('\u0004');
  t.is(await shell.ended(), 0);

  const again = openTerminal(t, ['client', '-i'], stack.env);
  await again.sees(/mito> /);
  again.type('\u001b[A');
  await again.sees(/cmd -- echo/);
  again.type('\u0003');
  await again.sees(/\^C[^]*mito> /);
  again.type('exit\r');
  t.is(await again.ended(), 0);
  t.is((await stat(path.join(stack.env.MITO_CONFIG_DIR ?? '', 'history'))).mode & 0o777, 0o600);
});

test.serial('Ctrl-C clears the line, or ends the command that runs and nothing else', async (t) => {
  const shell = openTerminal(t, ['client', '-i'], stack.env);
  await shell.sees(/mito> /);
  shell.type('nonsense');
  await shell.sees(/nonsense/);
  shell.type('\u0003');
  await shell.sees(/\^C[^]*mito> /);
  shell.type('run -- sleep 600\r');
  await shell.sees(/task 01[0-9a-f-]{34}/);
  shell.type('\u0003');
  await shell.sees(/task 01[0-9a-f-]{34} continues; [^]*interrupted[^]*mito> /);
  t.notRegex(shell.screen, /Command not found/);
  const task = await stack.json<TaskView>('tasks', 'query', '--name', 'sleep 600');
  t.false(['failed', 'cancelled'].includes(task.state), 'the task runs on');
  shell.type('auth\r');
  await shell.sees(/mitosis_admin \(administrator\)[^]*mito> /);
  shell.type('\u0004');
  t.is(await shell.ended(), 0);
});

test.serial('only "yes" cancels many tasks: no other word, no Ctrl-C and no Ctrl-D', async (t) => {
  const { uuid: blocker } = await stack.json<TaskReceipt>('tasks', 'submit', '--', 'sleep', '600');
  await stack.mito('tasks', 'submit', '--array', '1-3', '--after', blocker, '-l', 'many', '--', 'true');
  const cancel = ['tasks', 'cancel', '-l', 'many'];
  for (const keys of ['ls\r', 'ja\r', 'no\r', '\r', 'yes, all\r', '\u0003', '\u0004']) {
    const terminal = openTerminal(t, cancel, stack.env);
    await terminal.sees(/this will cancel 3 tasks:[^]*cancel 3 tasks\? Type "yes" to continue/);
    terminal.type(keys);
    await terminal.sees(/nothing was changed/);
    t.is(await terminal.ended(), 1, JSON.stringify(keys));
  }
  t.is((await stack.mito('tasks', 'query', '-l', 'many', '-s', 'pending', '--count')).stdout, '3\n');
  const shell = openTerminal(t, ['client', '-i'], stack.env);
  await shell.sees(/mito> /);
  shell.type(`${cancel.join(' ')}\r`);
  await shell.sees(/Type "yes"/);
  shell.type('\u0004');
  await shell.sees(/nothing was changed[^]*mito> /);
  shell.type(`${cancel.join(' ')}\r`);
  await shell.sees(/Type "yes"/);
  shell.type('yes\r');
  await shell.sees(/3 cancelled\n[^]*mito> /);
  shell.type(`${cancel.join(' ')} --yes\r`);
  await shell.sees(/nothing to cancel[^]*mito> /);
  shell.type('exit\r');
  t.is(await shell.ended(), 0);
  await stack.mito('tasks', 'cancel', blocker);
});

test('explain says how a task ended, and where its output is', async (t) => {
  const explained = async (script: string): Promise<string> => {
    const { uuid } = await stack.json<TaskReceipt>('tasks', 'submit', '--', 'sh', '-c', script);
    await stack.mito('tasks', 'wait', uuid);
    const { stdout, stderr } = await stack.mito('tasks', 'explain', uuid);
    return `${stdout}${stderr}`;
  };
  t.regex(
    await explained('exit 3'),
    /^failed: it ended with exit code 3\n"mito tasks logs 01[^"]*" shows what it printed/,
  );
  t.regex(await explained('kill -SEGV $$'), /^failed: it ended with signal SIGSEGV\n/);
  t.is(await explained('true'), 'completed: it ended with success\n');
});

test('Ctrl-D at the question for a name or a password gives up with a word', async (t) => {
  for (const argv of [['login'], ['login', 'mitosis_admin']]) {
    const terminal = openTerminal(t, argv, { ...stack.env, MITO_CONFIG_DIR: await tempDir(t) });
    await terminal.sees(/User name|Password/);
    terminal.type('\u0004');
    await terminal.sees(/cancelled/);
    t.is(await terminal.ended(), 2);
  }
});

test('commands for the interactive mode may come from a pipe', async (t) => {
  const { stdout, code } = await inPipe(
    [MAIN, 'client', '-i'],
    'auth --json\n# a remark\n\ntasks get 0191f1f0-0000-7000-8000-000000000000\nexit\nauth\n',
    stack.env,
  );
  t.like(JSON.parse(stdout), { username: 'mitosis_admin' }, 'only what came before "exit"');
  t.is(code, 4, 'the last exit code');
});

test('a password is asked for without being shown, and lands in no history', async (t) => {
  const env = { ...stack.env, MITO_CONFIG_DIR: await tempDir(t) };
  const login = openTerminal(t, ['login', stack.ready.admin.username], env);
  await login.sees(/Password/);
  login.type(`${stack.ready.admin.password}\r`);
  await login.sees(/logged in as mitosis_admin/);
  t.is(await login.ended(), 0);
  t.false(login.screen.includes(stack.ready.admin.password), 'not on the screen');
  t.is((await stat(path.join(env.MITO_CONFIG_DIR, 'credentials'))).mode & 0o777, 0o600);

  const shell = openTerminal(t, ['client', '-i'], env);
  await shell.sees(/mito> /);
  shell.type('login mitosis_admin not-the-password\r');
  await shell.sees(/can be seen by others[^]*wrong[^]*mito> /);
  shell.type('auth\r');
  await shell.sees(/administrator[^]*mito> /);
  shell.type('exit\r');
  t.is(await shell.ended(), 0);
  t.is(await readFile(path.join(env.MITO_CONFIG_DIR, 'history'), 'utf8'), 'auth\n');
});

test('a person who is not logged in is asked to; a script is told what to do', async (t) => {
  const env = { ...stack.env, MITO_CONFIG_DIR: await tempDir(t) };
  const auth = openTerminal(t, ['auth'], env);
  await auth.sees(/User name/);
  auth.type('mitosis_admin\r');
  await auth.sees(/Password/);
  auth.type(`${stack.ready.admin.password}\r`);
  await auth.sees(/administrator/);
  t.is(await auth.ended(), 0);

  const nobody = { ...stack.env, MITO_CONFIG_DIR: await tempDir(t) };
  const asked = await new MitoProcess(['login', 'mitosis_admin'], nobody).ended;
  t.is(asked.code, 2);
  t.regex(asked.stderr, /MITO_PASSWORD or use --password-file/);
  const secret = path.join(nobody.MITO_CONFIG_DIR, 'secret');
  await writeFile(secret, `${stack.ready.admin.password}\n`, { mode: 0o600 });
  t.is(
    (
      await new MitoProcess(['client', '-u', 'mitosis_admin', '--password-file', secret, 'auth', '--json'], nobody)
        .ended
    ).code,
    0,
  );
  t.is(
    (await new MitoProcess(['client', 'auth', '--quiet'], nobody).ended).stdout,
    'mitosis_admin\n',
    'the login was kept',
  );
  t.is((await new MitoProcess(['logout'], nobody).ended).code, 0);
  t.is((await new MitoProcess(['auth'], nobody).ended).code, 3);
});

test('colours and cut columns are for terminals', async (t) => {
  const { uuid } = await stack.json<TaskReceipt>(
    'tasks',
    'submit',
    '-l',
    'colours',
    '--name',
    'n'.repeat(200),
    '--',
    'true',
  );
  await stack.mito('tasks', 'wait', uuid);
  const query = ['tasks', 'query', '-l', 'colours'];
  const coloured = openTerminal(t, query, stack.env);
  t.is(await coloured.ended(), 0);
  t.true(coloured.written.includes('\u001b[32mcompleted'), 'green');
  t.true(
    coloured.screen.split('\n').every((line) => line.length <= 110),
    'no line is broken',
  );
  const plain = openTerminal(t, query, { ...stack.env, NO_COLOR: '1' });
  t.is(await plain.ended(), 0);
  t.false(plain.written.includes('\u001b[32m'));
  const piped = await stack.mito(...query);
  t.false(piped.stdout.includes('\u001b'));
  t.true(piped.stdout.includes('n'.repeat(200)));
  t.is((await stack.mito(...query, '--quiet')).stdout, `${uuid}\n`);
});

/** Where a program is; undefined when it is not installed. */
function installed(program: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(':')
    .map((dir) => path.join(dir, program))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        // Not in this folder.
        return false;
      }
    });
}

/** Asks each shell that is there what it makes of a begun line. */
const SHELLS: Readonly<Record<string, string>> = {
  bash:
    'source <(mito completion bash); COMP_WORDS=(mito tasks qu); COMP_CWORD=2; _mito; printf "%s\\n" ' +
    '"${COMPREPLY[@]}"; COMP_WORDS=(mito tasks query --state ""); COMP_CWORD=4; _mito; printf "%s\\n" ' +
    '"${COMPREPLY[@]}"',
  zsh:
    'compdef() { :; }; compadd() { shift; print -l -- "$@"; }; source <(mito completion zsh); ' +
    'words=(mito tasks qu); CURRENT=3; _mito; words=(mito tasks query --state ""); CURRENT=5; _mito',
  fish: 'mito completion fish | source; complete -C "mito tasks qu"; complete -C "mito tasks query --state "',
};

test('the completion scripts work in the shells that are installed', async (t) => {
  const bin = await tempDir(t);
  await writeFile(path.join(bin, 'mito'), `#!/bin/sh\nexec "${process.execPath}" -- "${MAIN}" "$@"\n`, { mode: 0o755 });
  const found = Object.entries(SHELLS).flatMap(([name, script]) => {
    const program = installed(name);
    return program === undefined ? [] : [{ name, program, script }];
  });
  t.true(
    found.some(({ name }) => name === 'bash'),
    'bash at least',
  );
  for (const { name, program, script } of found) {
    const env = { ...stack.env, PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: bin };
    const child = spawn(program, ['-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, errors] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    const lines = Buffer.concat(output as Buffer[])
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    t.deepEqual(
      lines,
      ['query', 'cancelled', 'completed', 'failed', 'pending', 'ready', 'running'],
      `${name}: ${Buffer.concat(errors as Buffer[]).toString()}`,
    );
  }
});
