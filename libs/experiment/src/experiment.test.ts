import { readdir, readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { expandExperiment, experimentSchema, identityOf, readExperiment, runHashOf, type Experiment } from './index.js';

const FILES: Readonly<Record<string, string>> = {
  'lines.txt': 'one\n\ntwo\n',
  'rows.jsonl': '{"a": 1e-3}\n{"a": 0.10}\n',
  '.env': 'A=1\n# no\nB="x y"\n',
};

async function expand(content: string, file = 'exp.toml'): Promise<Experiment> {
  return expandExperiment(await readExperiment(file, content, 'exp'), async (name) => Buffer.from(FILES[name] ?? ''));
}

async function refused(t: ExecutionContext, content: string, message: RegExp, file?: string): Promise<void> {
  await t.throwsAsync(expand(content, file), { message, code: 'invalid_experiment' }, content);
}

const texts = ({ jobs }: Experiment, job = 0): string[][] =>
  (jobs[job]?.tasks ?? []).map(({ params = {} }) => Object.values(params).map(String));

test('a sweep keeps the text of its numbers, in TOML and in YAML', async (t) => {
  const toml = await expand(
    '[jobs.a]\nrun = ["x", "{lr}"]\nsweep.lr = [1e-3, 1.0, 0x10, 9007199254740993, "010", "no"]',
  );
  t.deepEqual(texts(toml), [['1e-3'], ['1.0'], ['0x10'], ['9007199254740993'], ['010'], ['no']]);
  t.deepEqual(toml.jobs[0]?.tasks[1]?.args, ['x', '1.0']);
  const yaml = 'jobs:\n  a:\n    run: [x, "{lr}"]\n    sweep:\n      lr: [1e-3, 1.0, 0x10, 010, no, 9007199254740993]';
  t.deepEqual(texts(await expand(yaml, 'exp.yaml')), [
    ['1e-3'],
    ['1.0'],
    ['0x10'],
    ['010'],
    ['no'],
    ['9007199254740993'],
  ]);
});

test('options come from the defaults, the templates in their order, and the job; tables are joined', async (t) => {
  const { jobs } = await expand(`
    group = "lab"
    [defaults]
    retries = 1
    env = { A = "1", B = 2 }
    [templates.gpu]
    tags = ["gpu"]
    timeout = "2h"
    gpus = "1:a100"
    mem = "16GiB"
    or = [{ cpus = 32 }]
    [templates.long]
    timeout = "1d"
    warn_before = "10m:USR2"
    requeue_on = ["timeout", 75]
    requeue_max = 7
    [jobs.train]
    use = ["gpu", "long"]
    run = "echo {x}"
    name = "x={x}"
    env = { B = "two", C = "{x}" }
    env_file = ".env"
    inputs = { "data.csv" = "attachment=d.csv", "old" = "unpack:artifact=0191a0c4-0000-7000-8000-000000000000:result" }
    sweep = { x = "1..2" }
    array = "1-2"
    at_once = 4`);
  const [job] = jobs;
  t.is(job?.name, 'exp/train');
  t.is(job?.atOnce, 4);
  t.deepEqual(job?.inputs, ['d.csv']);
  t.like(job?.tasks[3], {
    group: 'lab',
    name: 'x=2',
    args: ['/bin/sh', '-c', 'echo 2'],
    env: { A: '1', B: 'two', C: '2' },
    retries: 1,
    tags: ['gpu'],
    timeout_ms: 86_400_000,
    warn_before_ms: 600_000,
    warn_signal: 'SIGUSR2',
    requeue_on: ['timeout', 75],
    requeues_max: 7,
    array_index: 2,
    needs: [{ gpus: 1, gpu_model: 'a100', mem_bytes: 16 * 2 ** 30 }, { cpus: 32 }],
  });
});

test('a task is known by its parameters as text, whatever their order, and by what is run', async (t) => {
  const task = { args: ['x'], params: { a: '1', b: 2 } };
  t.is(identityOf(task), identityOf({ args: ['y'], params: { b: '2', a: 1 } }));
  t.not(identityOf(task), identityOf({ args: ['x'], params: { a: '1.0', b: 2 } }));
  t.not(identityOf(task), identityOf({ ...task, array_index: 1 }));
  t.is(runHashOf(task), runHashOf({ ...task, timeout_ms: 5, labels: ['l'] }));
  t.not(runHashOf(task), runHashOf({ ...task, env: { A: '1' } }));
  const withInput = { ...task, resources: [{ from: 'attachment', key: 'k', path: 'p' } as const] };
  t.not(runHashOf(withInput, new Map([['k', '1']])), runHashOf(withInput, new Map([['k', '2']])));
});

test('rows, lines and records make tasks; what is said twice is one task', async (t) => {
  t.deepEqual(texts(await expand('[jobs.a]\nrun="echo {a}"\neach = [{a=1},{a=2},{a=1}]')), [['1'], ['2']]);
  t.deepEqual(texts(await expand('[jobs.a]\nrun="echo {line}"\neach.lines = "lines.txt"')), [['one'], ['two']]);
  t.deepEqual(texts(await expand('[jobs.a]\nrun="echo {a}"\neach.json = "rows.jsonl"')), [['1e-3'], ['0.10']]);
  t.deepEqual(texts(await expand('[jobs.a]\nrun="echo {a}"\nsweep.a = [2, 1, 2]')), [['2'], ['1']]);
});

test('jobs stand behind what they wait for; a cycle and an unknown name are refused', async (t) => {
  const { jobs } = await expand(`
    [jobs.b]
    run = "b"
    after = ["a:ended", "job=0191a0c4-0000-7000-8000-000000000000"]
    [tasks.a]
    run = "a"`);
  t.deepEqual(
    jobs.map(({ key }) => key),
    ['a', 'b'],
  );
  t.deepEqual(jobs[1]?.after, [
    { when: 'ended', entry: 'a' },
    { when: 'completed', job: '0191a0c4-0000-7000-8000-000000000000' },
  ]);
  const cycle = '[tasks.a]\nrun="a"\nafter="b"\n[tasks.b]\nrun="b"\nafter="c"\n[tasks.c]\nrun="c"\nafter="a"';
  await refused(t, cycle, /^exp\.toml:3:7: tasks\.a\.after: these wait for each other: a -> b -> c -> a/);
  await refused(t, '[tasks.prepare]\nrun="a"\n[tasks.b]\nrun="b"\nafter="prepar"', /:5:7: .*did you mean "prepare"/);
});

test('an unknown key is refused at every level with its place, and led to its place or the nearest one', async (t) => {
  await refused(t, '[jobs.a]\nrun="x"\nretires = 3', /^exp\.toml:3:1: jobs\.a\.retires: .*did you mean "retries"/);
  await refused(t, '[job.a]\nrun="x"', /^exp\.toml:1:\d: job: .*did you mean "jobs"/);
  await refused(t, '[templates.a]\nsweep.x=[1]', /templates\.a\.sweep: .*belongs in \[jobs\.NAME\]/);
  await refused(t, '[tasks.a]\nrun="x"\narray="1-2"', /tasks\.a\.array: .*belongs in \[jobs\.NAME\]/);
  await refused(t, 'retries = 1\n[tasks.a]\nrun="x"', /^exp\.toml:1:1: retries: .*belongs in \[jobs\.NAME\]/);
  await refused(t, '[jobs.a]\nrun="x"\n[jobs.a.sweep]\nretries = 1', /beside "sweep"/);
  await refused(t, '[jobs.a]\nrun="x"\nconstructor = 1', /jobs\.a\.constructor: there is no such key/);
  await refused(t, '[jobs.a]\nrun="x"\neach = {line = "f"}', /jobs\.a\.each: write a list of rows/);
});

test('a wrong value is refused with its place and what to write', async (t) => {
  await refused(t, '[jobs.a]\nrun="x"\ntimeout = 90', /^exp\.toml:3:11: jobs\.a\.timeout: .*did you mean 90s/);
  await refused(t, '[jobs.a]\nrun="x"\nretries = 1000', /:3:11: .*out of range/);
  await refused(t, '[jobs.a]\nrun="x"\nretries = nan', /:3:11: .*not a whole number/);
  await refused(t, '[jobs.a]\nrun="x"\nterminal = "yes"', /:3:12: .*write true or false/);
  await refused(t, 'jobs:\n  a:\n    run: x\n    terminal: no', /:4:15: .*"no" is text in YAML 1.2/, 'exp.yaml');
  await refused(t, '[jobs.a]\nrun="echo {nope}"\nsweep.x=[1]', /:2:5: .*\{nope\} is not a parameter/);
  await refused(t, '[jobs.a]\nrun="x"\nsweep.x=[]', /it has no values/);
  await refused(t, '[jobs.a]\nrun="x"\nsweep.x="1..1000000000"', /:3:\d: .*more than 1000000 tasks/);
  await refused(t, '[jobs.a]\nrun="x"\nsweep={x="1..100000", y="1..100000"}', /:3:7: .*more than 1000000 tasks/);
  await refused(t, '[jobs.a]\nrun="x"\ntags="a b"', /:3:6: jobs\.a\.tags\.0: /);
  await refused(t, '[jobs.a]\nrun="x"\nmem = 16', /:3:7: jobs\.a\.mem: .*no unit/);
  await refused(t, '[jobs.a]\nrun="x"\nor = [{ cpu = 1 }]', /did you mean "cpus"/);
  await refused(t, '[jobs.a]\nrun=""', /it has no command/);
  await refused(t, '[jobs.a]\nretries=1', /^exp\.toml:1:\d: jobs\.a: it has no "run"/);
  await refused(t, '[jobs.a]\nrun="x"\n[tasks.a]\nrun="y"', /same name/);
  await refused(t, '', /it has no \[tasks\.NAME\]/);
  await refused(t, '[[jobs]]\nrun="x"', /write \[jobs\.NAME\] for each/);
  await refused(t, '[jobs.a]\nrun="x"\nuse="gpus"\n[templates.gpu]\ntags="gpu"', /did you mean "gpu"/);
});

test('the published schema has the keys that are read, and no others', (t) => {
  const { properties } = experimentSchema() as {
    properties: Record<string, { additionalProperties: { properties: object } }>;
  };
  const keysOf = (section: string): string[] => Object.keys(properties[section]?.additionalProperties.properties ?? {});
  const wanted = ['run', 'sweep', 'each', 'array', 'after', 'at_once', 'retries', 'inputs', 'gpus', 'env'];
  t.deepEqual(
    wanted.filter((key) => !keysOf('jobs').includes(key)),
    [],
  );
  t.false(keysOf('tasks').includes('sweep'));
  t.false(keysOf('templates').includes('after'));
});

const EXAMPLES = new URL('../../../examples/experiments/', import.meta.url);

test('every experiment of the examples can be read', async (t) => {
  const names = (await readdir(EXAMPLES)).sort().filter((name) => /\.(toml|yaml)$/.test(name));
  t.is(names.length, 10);
  const counts: Record<string, number> = {};
  for (const name of names) {
    const content = await readFile(new URL(name, EXAMPLES), 'utf8');
    const parsed = await readExperiment(name, content, name.replace(/\..*/, ''));
    const { jobs } = await expandExperiment(parsed, async (file) => readFile(new URL(file, EXAMPLES)));
    counts[`e${name.slice(0, 2)}`] = jobs.reduce((sum, { tasks }) => sum + tasks.length, 0);
  }
  t.deepEqual(Object.values(counts), [1, 6, 7, 4, 3, 2, 9, 10, 2, 2]);
});

test('an environment needs a folder of code, and a known kind; each at its place in the file', async (t) => {
  const { jobs } = await expand('[jobs.a]\nrun = ["x", "{n}"]\nworkdir = "."\nenv_setup = "uv"\nsweep.n = [1, 2]');
  t.deepEqual(
    jobs[0]?.tasks.map(({ env_setup }) => env_setup),
    ['uv', 'uv'],
  );
  await refused(t, '[jobs.a]\nrun = "x"\nenv_setup = "uv"', /exp\.toml:3:\d+: jobs\.a\.env_setup: is built from files/);
  await refused(
    t,
    '[defaults]\nenv_setup = "pip"\n[jobs.a]\nrun = "x"\nworkdir = "."',
    /exp\.toml:2:\d+: defaults\.env_setup: "pip" is not a known kind/,
  );
  await refused(t, '[jobs.a]\nrun = "x"\nworkdir = "."\nenv_setup = 1', /env_setup: this is .*write it in quotes/);
});
