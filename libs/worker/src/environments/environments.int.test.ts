import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Executor, prepareScratch, removeTree } from '@mitosis/executor';
import type { ClaimedTask } from '@mitosis/protocol';
import { eventually, silentLog, tempDir } from '@mitosis/testing';
import { enterEnvironment, type AttemptEnvironment } from './attempt-environment.js';
import type { BuildFailure } from './environment-failed.js';
import { Environments } from './environments.js';
import { Tools } from './tools.js';

const BIN = '/usr/local/bin:/usr/bin:/bin';

interface Wanted {
  readonly files: Readonly<Record<string, string>>;
  readonly setup: string;
  readonly group?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A worker, as far as environments are concerned. */
class Site {
  readonly phases: (string | null)[] = [];
  private count = 0;

  private constructor(
    private readonly root: string,
    private readonly environments: Environments,
    private readonly toolsPath: string,
  ) {}

  static async open(
    t: ExecutionContext,
    { dir, limitBytes = 2 ** 30, toolsPath = BIN }: { dir: string; limitBytes?: number; toolsPath?: string },
  ): Promise<Site> {
    const root = await tempDir(t);
    // Without the right to write in them, folders of environments stay where `rm` is not root's.
    t.teardown(() => removeTree(dir));
    const scratchRoot = path.join(root, 'scratch');
    const executor = new Executor({ scratchRoot, log: silentLog });
    t.teardown(() => executor.stop());
    await executor.start();
    const environments = new Environments({ dir, limitBytes, executor, scratchRoot, log: silentLog });
    await environments.start();
    return new Site(root, environments, toolsPath);
  }

  /** Enters the environment of a task whose folder has these files. */
  async enter(wanted: Wanted): Promise<AttemptEnvironment> {
    const { files, setup, group = 'lab', env = {}, secrets = {}, signal = new AbortController().signal } = wanted;
    this.count += 1;
    const scratch = await prepareScratch(path.join(this.root, 'scratch'), `task-${this.count}`);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(scratch.execDir, name)), { recursive: true });
      await writeFile(path.join(scratch.execDir, name), text);
    }
    const code = { sha256: JSON.stringify(files), files: 1, bytes: 1, folder: '' };
    const claim = { group, secrets, spec: { args: ['true'], env, env_setup: setup, code } } as unknown as ClaimedTask;
    const placed = new Map(Object.keys(files).map((name) => [name, { size: 1, mtimeMs: 1 }]));
    const buildEnv = { PATH: this.toolsPath };
    const tools = new Tools({ env: buildEnv, own: {} });
    const onPhase = (phase: string | null): void => void this.phases.push(phase);
    const deps = { environments: this.environments, tools, buildEnv, baseEnv: { PATH: BIN } };
    const entered = await enterEnvironment(deps, { claim, scratch, placed, signal, onPhase });
    if (!entered) throw new Error('no environment was asked for');
    return entered;
  }
}

/** `setup.sh` that counts its runs in `counter`, and waits for as long as `gate` does not exist, when there is one. */
function script({ counter, gate }: { readonly counter: string; readonly gate?: string }): string {
  const wait = gate === undefined ? '' : `while [ ! -e '${gate}' ]; do sleep 0.05; done; `;
  return `echo run >> '${counter}'; ${wait}mkdir -p $MITO_ENV_DIR/bin; echo kept > $MITO_ENV_DIR/data`;
}

async function runsIn(counter: string): Promise<number> {
  const text = await readFile(counter, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '').length;
}

const entriesOf = async (dir: string): Promise<string[]> =>
  (await readdir(dir)).filter((name) => /^[0-9a-f]{24}-[0-9a-f]{6}$/.test(name));

test('fifty tasks of two workers that share a folder build an environment once', async (t) => {
  const [dir, work] = [await tempDir(t), await tempDir(t)];
  const [counter, gate] = [path.join(work, 'counter'), path.join(work, 'gate')];
  const sites = [await Site.open(t, { dir }), await Site.open(t, { dir })];
  const wanted = { files: { 'setup.sh': script({ counter, gate }) }, setup: 'command:./setup.sh' };
  const entering = Promise.all(Array.from({ length: 50 }, (_, index) => sites[index % 2]?.enter(wanted)));
  const isWaiting = ({ phases }: Site): boolean => phases.some((phase) => /another task builds/.test(phase ?? ''));
  await eventually(() => sites.every(isWaiting), { message: 'tasks of both workers wait' });
  await writeFile(gate, '');
  const entered = await entering;
  t.is(await runsIn(counter), 1);
  t.is(new Set(entered.map((environment) => environment?.baseEnv.MITO_ENV_DIR)).size, 1);
  t.is(entered.filter((environment) => environment?.logDir !== undefined).length, 1, 'one task keeps the log');
  const phases = sites.flatMap((site) => site.phases);
  t.true(phases.includes('building the environment (command:./setup.sh)'));
  t.true(phases.some((phase) => /^waiting for the environment .* that another worker builds/.test(phase ?? '')));
  t.is(phases.at(-1), null, 'the last phase is over');
  for (const environment of entered) await environment?.leave();
});

test('listed files, variables of tools and the group decide which environment it is', async (t) => {
  const [dir, bin] = [await tempDir(t), await tempDir(t)];
  await standIn(bin);
  const site = await Site.open(t, { dir, toolsPath: `${bin}:${BIN}` });
  const files = { 'environment.yml': 'dependencies: []\n', 'src/demo.py': 'print(1)' };
  const placeOf = async (more: Partial<Wanted>): Promise<string | undefined> => {
    const environment = await site.enter({ files, setup: 'conda', ...more });
    await environment.leave();
    return environment.baseEnv.CONDA_PREFIX;
  };
  const first = await placeOf({});
  t.is(await placeOf({ files: { ...files, 'src/demo.py': 'print(2)' } }), first);
  t.is(await placeOf({ env: { EPOCHS: '3' } }), first);
  t.is(await placeOf({ secrets: { UV_TOKEN: 'a-secret-value' } }), first);
  const others = [
    await placeOf({ files: { ...files, 'environment.yml': 'dependencies: [pip]\n' } }),
    await placeOf({ group: 'other' }),
    await placeOf({ env: { PIP_INDEX_URL: 'https://example.org/' } }),
  ];
  t.is(new Set([first, ...others]).size, 4);
});

test('a build that fails is tried once, and every task fails with the end of its log', async (t) => {
  const [dir, counter] = [await tempDir(t), path.join(await tempDir(t), 'counter')];
  const site = await Site.open(t, { dir });
  const text = `echo run >> '${counter}'; echo token is $TOKEN; echo no such package >&2; exit 4`;
  const wanted = { files: { 'setup.sh': text }, setup: 'command:setup.sh', secrets: { TOKEN: 'very-secret-value' } };
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => site.enter(wanted)));
  const errors = all.map((result) => (result.status === 'rejected' ? (result.reason as BuildFailure) : t.fail()));
  const message =
    /the environment \(command:setup\.sh\) was not built: ".*" ended with exit code 4\. [^]*no such package/;
  for (const error of errors) t.like(error, { code: 'environment_failed' });
  for (const error of errors) t.regex(String(error), message);
  t.is(await runsIn(counter), 1);
  const [log, ...more] = [...new Set(errors)].flatMap((error) => [error?.takeLog(), error?.takeLog()]);
  t.regex(log ?? '', /^\$ .*mkdir[^]*token is \*\*\*\nno such package\n$/);
  t.deepEqual(more, [undefined], 'one task keeps the log');
  t.deepEqual(await entriesOf(dir), []);
});

test('a build ends when nobody waits for it, and goes to its end for those who still do', async (t) => {
  const [dir, work] = [await tempDir(t), await tempDir(t)];
  const site = await Site.open(t, { dir });
  const [counter, gate] = [path.join(work, 'counter'), path.join(work, 'gate')];
  const wanted = { files: { 'setup.sh': script({ counter, gate }) }, setup: 'command:./setup.sh' };
  const [first, second] = [new AbortController(), new AbortController()];
  const begun = (count: number) => async (): Promise<boolean> => (await runsIn(counter)) === count;

  const alone = t.throwsAsync(site.enter({ ...wanted, signal: first.signal }), { message: 'cancelled' });
  await eventually(begun(1), { message: 'the build begins' });
  first.abort(new Error('cancelled'));
  await alone;
  await eventually(async () => (await entriesOf(dir)).length === 0, { message: 'nothing is left of it' });

  const leaver = t.throwsAsync(site.enter({ ...wanted, signal: second.signal }), { message: 'cancelled' });
  await eventually(begun(2), { message: 'the build begins again' });
  const stayer = site.enter(wanted);
  await eventually(async () => site.phases.some((phase) => /another task builds/.test(phase ?? '')), {
    message: 'the other one waits',
  });
  second.abort(new Error('cancelled'));
  await leaver;
  await writeFile(gate, '');
  t.is(await runsIn(counter), 2);
  await (await stayer).leave();
});

test('an environment that a task has changed is built again, and stays for those who use it', async (t) => {
  const [dir, counter] = [await tempDir(t), path.join(await tempDir(t), 'counter')];
  const site = await Site.open(t, { dir });
  const wanted = { files: { 'setup.sh': script({ counter }) }, setup: 'command:./setup.sh' };
  const first = await site.enter(wanted);
  const data = path.join(first.baseEnv.MITO_ENV_DIR ?? '', 'data');
  const caches = path.join(first.baseEnv.MITO_ENV_DIR ?? '', 'bin');
  await chmod(data, 0o644);
  await writeFile(data, 'other');
  const second = await site.enter(wanted);
  t.not(second.baseEnv.MITO_ENV_DIR, first.baseEnv.MITO_ENV_DIR);
  t.is(await readFile(path.join(second.baseEnv.MITO_ENV_DIR ?? '', 'data'), 'utf8'), 'kept\n');
  t.is(await readFile(data, 'utf8'), 'other', 'who is in the other one keeps it');
  t.true((await readdir(path.dirname(caches))).includes('bin'));
  t.is(await runsIn(counter), 2);
  await first.leave();
  await second.leave();
});

test('the least recently used environments go, never one in use', async (t) => {
  const [dir, counter] = [await tempDir(t), path.join(await tempDir(t), 'counter')];
  const site = await Site.open(t, { dir, limitBytes: 300_000 });
  const big = (name: string): Wanted => ({
    files: { 'setup.sh': `${script({ counter })}; head -c 120000 /dev/urandom > $MITO_ENV_DIR/${name}` },
    setup: 'command:./setup.sh',
  });
  const held = await site.enter(big('a'));
  for (const name of ['b', 'c', 'd']) await (await site.enter(big(name))).leave();
  t.true((await readdir(held.baseEnv.MITO_ENV_DIR ?? '')).includes('a'));
  t.true((await entriesOf(dir)).length <= 2);
  await held.leave();
  await (await site.enter(big('d'))).leave();
  t.is(await runsIn(counter), 4, 'the last one was kept');
});

test('an environment that is larger than all that is kept is refused, with its size', async (t) => {
  const dir = await tempDir(t);
  const site = await Site.open(t, { dir, limitBytes: 50_000 });
  const text = 'head -c 200000 /dev/urandom > $MITO_ENV_DIR/large';
  const message = /the environment has 2\d\d\.?\d* KiB, and the worker keeps 48\.8 KiB at most: .*--env-cache/;
  await t.throwsAsync(site.enter({ files: { 'setup.sh': text }, setup: 'command:./setup.sh' }), { message });
  t.deepEqual(await entriesOf(dir), []);
});

test('a full disk is named, with where there is no space', async (t) => {
  const dir = await tempDir(t);
  const site = await Site.open(t, { dir });
  const text = 'echo "cp: No space left on device" >&2; exit 1';
  const message = /there is no space for the environment: .* are free in .*Make room there, or choose another folder/;
  await t.throwsAsync(site.enter({ files: { 'setup.sh': text }, setup: 'command:./setup.sh' }), { message });
});

test('what a build that was cut off has left counts as nothing, and is removed at the next start', async (t) => {
  const [dir, counter] = [await tempDir(t), path.join(await tempDir(t), 'counter')];
  const wanted = { files: { 'setup.sh': script({ counter }) }, setup: 'command:./setup.sh' };
  const before = await Site.open(t, { dir });
  const environment = await before.enter(wanted);
  await environment.leave();
  const [name = ''] = await entriesOf(dir);
  // Everything is there but the mark, which is written last.
  await rm(path.join(dir, `${name}.ready`));
  const after = await Site.open(t, { dir });
  t.deepEqual(await entriesOf(dir), []);
  await (await after.enter(wanted)).leave();
  t.is(await runsIn(counter), 2);
});

/** Stands in for conda: it makes a prefix with the one program `tool`, and prints what it was asked for. */
async function standIn(bin: string): Promise<void> {
  const text = `#!/bin/sh
[ "$1" = --version ] && { echo "conda 24.9.2 (a stand-in)"; exit 0; }
echo "stand-in for conda: $*"
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/bin" && printf '#!/bin/sh\\necho of the prefix\\n' > "$2/bin/tool" && chmod +x "$2/bin/tool"`;
  await writeFile(path.join(bin, 'conda'), text, { mode: 0o755 });
}

test('a prefix of conda is used by variables: no wrapper stands before the program', async (t) => {
  const [dir, bin] = [await tempDir(t), await tempDir(t)];
  await standIn(bin);
  const site = await Site.open(t, { dir, toolsPath: `${bin}:${BIN}` });
  const environment = await site.enter({ files: { 'env.yml': 'dependencies: []\n' }, setup: 'conda:env.yml' });
  const prefix = environment.baseEnv.CONDA_PREFIX ?? '';
  t.true(environment.baseEnv.PATH?.startsWith(`${prefix}/bin:`));
  t.deepEqual(await readdir(path.join(prefix, 'bin')), ['tool']);
  const log = await readFile(path.join(environment.logDir ?? '', 'environment.log'), 'utf8');
  t.regex(log, /stand-in for conda: env create --prefix \S+ --file env\.yml/);
  await environment.leave();
});

const refused = test.macro({
  exec: async (t, wanted: Wanted, message: RegExp) => {
    const site = await Site.open(t, { dir: await tempDir(t), toolsPath: '/nowhere/bin:/bin' });
    await t.throwsAsync(site.enter(wanted), { code: 'environment_failed', message });
  },
  title: (name) => name ?? '',
});

test(
  'a missing tool is named, with where it was looked for',
  refused,
  {
    ...{ files: { 'environment.yml': '' }, setup: 'conda' },
  },
  /no micromamba or mamba or conda, which "conda" needs\. It was looked for in \/nowhere\/bin, \/bin\. Install it/,
);
test(
  'a missing file is named',
  refused,
  {
    ...{ files: { 'a.txt': '' }, setup: 'venv:requirements.txt' },
  },
  /--env-setup venv:requirements\.txt: the folder of code has no requirements\.txt/,
);
