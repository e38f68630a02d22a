import { execFile } from 'node:child_process';
import { access, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { TaskDetail } from '@mitosis/protocol';
import { eventually, fileScope, pythonProgram, tempDir, uvProgram } from '@mitosis/testing';
import { startStack, type E2eStack } from './harness/stack.js';

const call = promisify(execFile);
const file = fileScope(test);
let stack: E2eStack;

test.before(async (t) => {
  t.timeout(900_000);
  await pythonProgram();
  stack = await startStack(file, { slots: 3, path: [path.dirname(await uvProgram())] });
});

/** A folder of code with these files. */
async function project(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await tempDir(t);
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(dir, name), text, { mode: 0o755 });
  return dir;
}

const run = async (dir: string, setup: string, ...command: readonly string[]) =>
  stack.mito('run', '-C', dir, '--env-setup', setup, '--', ...command);

const submit = async (dir: string, setup: string, ...more: readonly string[]): Promise<string> => {
  const { stdout } = await stack.mito('tasks', 'submit', '-q', '-C', dir, '--env-setup', setup, ...more);
  return stdout.trim();
};

const taskOf = async (uuid: string): Promise<TaskDetail> => stack.json<TaskDetail>('tasks', 'get', uuid);

const phaseOf = (uuid: string, pattern: RegExp) => async (): Promise<boolean> =>
  pattern.test((await taskOf(uuid)).progress_message ?? '');

const environmentsDir = (): string => path.join(stack.ready.data_dir, 'workers', '1', 'environments');

/** Complete ones. */
async function countEnvironments(): Promise<number> {
  const names = await readdir(environmentsDir());
  return names.filter((name) => /^[0-9a-f]{24}-.*\.ready$/.test(name)).length;
}

/** From PyPI; the compiled part is what is imported. */
const PACKAGE = 'markupsafe==3.0.2';
const USE = 'import markupsafe._speedups as s; import own; print(own.value, s.__name__)';

test.serial('uv builds a locked project once; each task runs the code of its own', async (t) => {
  t.timeout(900_000);
  const dir = await project(t, {
    'pyproject.toml':
      '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.9"\n' + `dependencies = ["${PACKAGE}"]\n`,
    'own.py': 'value = "first"',
  });
  await call(await uvProgram(), ['lock', '--no-cache'], { cwd: dir });
  const before = await countEnvironments();
  const first = await run(dir, 'uv', 'python', '-c', USE);
  t.is(first.stdout, 'first markupsafe._speedups\n', first.stderr);
  await writeFile(path.join(dir, 'own.py'), 'value = "second"');
  const second = await run(dir, 'uv', 'sh', '-c', 'python -c "$0" && uv run python -c "$0"', USE);
  t.is(second.stdout, 'second markupsafe._speedups\n'.repeat(2), second.stderr);
  t.is(await countEnvironments(), before + 1, 'the code does not count');
  await writeFile(
    path.join(dir, 'pyproject.toml'),
    '[project]\nname = "demo"\nversion = "2"\ndependencies = ["rich"]\n',
  );
  const stale = await run(dir, 'uv', 'true');
  t.regex(stale.stderr, /environment_failed \(the environment \(uv\) was not built: .*uv\.?lock/is);
  t.not(stale.code, 0);
});

test.serial('venv installs what a file of requirements and those that it names ask for', async (t) => {
  t.timeout(900_000);
  const files = { 'requirements.txt': '-r base.txt\n', 'base.txt': `${PACKAGE}\n`, 'own.py': 'value = "pip"' };
  const dir = await project(t, files);
  const first = await run(dir, 'venv:requirements.txt', 'python', '-c', USE);
  t.is(first.stdout, 'pip markupsafe._speedups\n', first.stderr);
  await writeFile(path.join(dir, 'base.txt'), 'no-such-package-of-mitosis==1\n');
  const uuid = await submit(dir, 'venv:requirements.txt', '--', 'true');
  await stack.mito('tasks', 'wait', uuid);
  const failed = await taskOf(uuid);
  t.like(failed, { state: 'failed', reason: 'environment_failed', env_setup: 'venv:requirements.txt' });
  t.regex(
    failed.message ?? '',
    /"python -m pip install" ended with exit code 1\. The end of its log: [^]*no-such-package/,
  );
  const log = await stack.mito('tasks', 'artifacts', 'cat', uuid, 'env-log', 'environment.log');
  t.regex(log.stdout, /^\$ \S+ -m venv [^]*no-such-package-of-mitosis/);
});

test.serial('npm installs what a lock file says; programs find it beside their code', async (t) => {
  t.timeout(900_000);
  const dir = await project(t, {
    'package.json': '{"name":"demo","version":"1.0.0","dependencies":{"@node-rs/crc32":"1.10.6"}}',
    'own.mjs': 'import { crc32 } from "@node-rs/crc32"; console.log(crc32("mitosis"))',
  });
  await call('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { cwd: dir });
  const { stdout, stderr } = await run(dir, 'npm', process.execPath, 'own.mjs');
  t.regex(stdout, /^\d+\n$/, stderr);
});

test.serial(
  'the time of a build does not count for the time limit, and a second task says that it waits',
  async (t) => {
    const gate = path.join(await tempDir(t), 'gate');
    const dir = await project(t, {
      'setup.sh': `while [ ! -e '${gate}' ]; do sleep 0.1; done; sleep 2; mkdir -p $MITO_ENV_DIR/bin`,
    });
    const tasks = [];
    for (const phase of [/^building the environment/, /^waiting for the environment .* that another task builds/]) {
      const uuid = await submit(dir, 'command:./setup.sh', '--timeout', '1s', '--', 'true');
      await eventually(phaseOf(uuid, phase), { message: `the phase ${phase}` });
      tasks.push(uuid);
    }
    await writeFile(gate, '');
    await stack.mito('tasks', 'wait', ...tasks);
    for (const uuid of tasks) t.like(await taskOf(uuid), { state: 'completed', progress_message: null });
  },
);

test.serial('a task that is cancelled while its environment is built leaves nothing of it', async (t) => {
  const dir = await project(t, { 'setup.sh': 'touch $MITO_ENV_DIR/begun; sleep 600' });
  const before = await readdir(environmentsDir());
  const uuid = await submit(dir, 'command:./setup.sh', '--', 'true');
  await eventually(phaseOf(uuid, /^building/), { message: 'the build' });
  await stack.mito('tasks', 'cancel', uuid);
  await stack.mito('tasks', 'wait', uuid);
  t.is((await taskOf(uuid)).state, 'cancelled');
  const isEntry = (name: string): boolean => /^[0-9a-f]{24}-[0-9a-f]{6}$/.test(name);
  await eventually(
    async () => (await readdir(environmentsDir())).filter(isEntry).every((name) => before.includes(name)),
    {
      message: 'the folder is removed',
    },
  );
});

test.serial('a worker that is killed in the middle of a build leaves nothing that counts', async (t) => {
  t.timeout(300_000);
  const gate = path.join(await tempDir(t), 'gate');
  const text =
    `echo one > $MITO_ENV_DIR/one; touch '${gate}.begun'; ` +
    `while [ ! -e '${gate}' ]; do sleep 0.1; done; echo two > $MITO_ENV_DIR/two`;
  const dir = await project(t, { 'setup.sh': text });
  const uuid = await submit(dir, 'command:./setup.sh', '--', 'sh', '-c', 'cat $MITO_ENV_DIR/one $MITO_ENV_DIR/two');
  await eventually(() => access(`${gate}.begun`).then(() => true), { message: 'the build begins' });
  process.kill(stack.ready.pids.workers[0] as number, 'SIGKILL');
  await writeFile(gate, '');
  await rm(`${gate}.begun`);
  await stack.mito('tasks', 'wait', uuid);
  t.like(await taskOf(uuid), { state: 'completed', attempt: 2 });
  t.is((await stack.mito('tasks', 'logs', uuid)).stdout, 'one\ntwo\n');
  t.true(await access(`${gate}.begun`).then(() => true), 'it was built from the beginning');
});

const refused = test.macro({
  exec: async (t, files: Readonly<Record<string, string>>, options: readonly string[], message: RegExp) => {
    const dir = await project(t, { 'a.py': '', ...files });
    const { code, stderr } = await stack.mito(
      'run',
      ...options.map((word) => (word === 'DIR' ? dir : word)),
      '--',
      'true',
    );
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  },
  title: (_, files: Readonly<Record<string, string>>, options: readonly string[]) =>
    `refused before anything is sent: ${options.join(' ')} with ${Object.keys(files).join(', ')}`,
});

test(refused, {}, ['--env-setup', 'uv'], /--env-setup: .*name it with -C DIR/);
test(refused, {}, ['-C', 'DIR', '--env-setup', 'vnv'], /--env-setup: "vnv" is not a known kind; did you mean "venv"\?/);
test(refused, {}, ['-C', 'DIR', '--env-setup', 'uv'], /--env-setup: the folder of code has neither a pyproject\.toml/);
test(refused, { 'pyproject.toml': '' }, ['-C', 'DIR', '--env-setup', 'uv'], /no uv\.lock: run "uv lock"/);
test(refused, { 'r.txt': '', '.gitignore': 'r.txt' }, ['-C', 'DIR', '--env-setup', 'venv:r.txt'], /has no r\.txt/);
