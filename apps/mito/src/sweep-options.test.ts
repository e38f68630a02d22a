import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MitoError } from '@mitosis/domain';
import { parseRecords } from '@mitosis/experiment';
import { tempDir } from '@mitosis/testing';
import { expandSweep, taskOf, type SweepOptions } from './commands/sweep-options.js';

async function inputFile(t: ExecutionContext, content: string | Buffer): Promise<string> {
  const file = path.join(await tempDir(t), 'input');
  await writeFile(file, content);
  return file;
}

const argsOf = async (args: string[], options: Partial<SweepOptions>): Promise<string[][] | undefined> =>
  (await expandSweep({ args }, { sweep: [], ...options }))?.map((task) => task.args);

test('lines are read without byte order mark, line ends and empty lines; blanks in a line stay', async (t) => {
  const eachLine = await inputFile(t, '\ufeffone\r\n\n  \t\r\n two  \nthree');
  t.deepEqual(await argsOf(['{line}'], { eachLine }), [['one'], [' two  '], ['three']]);
});

test('a file without lines, and one that is not UTF-8, are refused by their name', async (t) => {
  const empty = await inputFile(t, '\n \n');
  await t.throwsAsync(argsOf(['{line}'], { eachLine: empty }), {
    instanceOf: MitoError,
    message: /^--each-line: .*no lines/,
  });
  const latin = await inputFile(t, Buffer.from('k\u00fche', 'latin1'));
  await t.throwsAsync(argsOf(['{line}'], { eachLine: latin }), { message: /^--each-line: .*not UTF-8/ });
});

test('a value in the line of a shell is never code, by --shell or by sh -c', async (t) => {
  const eachLine = await inputFile(t, '$(touch made)');
  for (const shell of [
    ['/bin/sh', '-c'],
    ['bash', '-ec'],
    ['/usr/bin/zsh', '-e', '-c'],
    ['bash', '-o', 'pipefail', '-c'],
    ['bash', '-c', '-e', '--'],
    ['bash', '-ceu', '-o', 'pipefail'],
  ])
    t.deepEqual(await argsOf([...shell, 'echo {line}', '{line}'], { eachLine }), [
      [...shell, 'echo "${MITO_PARAM_LINE}"', '$(touch made)'],
    ]);
  t.deepEqual(await argsOf(['echo', '-c', '{line}'], { eachLine }), [['echo', '-c', '$(touch made)']]);
  t.deepEqual(await argsOf(['bash', 'script', '-c', '{line}'], { eachLine }), [
    ['bash', 'script', '-c', '$(touch made)'],
  ]);
});

test('a shell that another command starts sets the variables that its line reads', async (t) => {
  const value = `it's $(touch made) "\`id\`" \\`;
  const eachLine = await inputFile(t, value);
  for (const wrapper of [
    ['env', '-i'],
    ['env', 'X=1'],
    ['nice', '-n', '5'],
    ['timeout', '5'],
    ['sh', '-c', 'exec "$@"', 'x'],
  ])
    for (const line of ["printf '[%s]' {line}", 'printf "[{line}]"', "printf '[{line}]'"]) {
      const [[program = '', ...args] = []] = (await argsOf([...wrapper, 'sh', '-ec', line], { eachLine })) ?? [];
      const env = { ...process.env, MITO_PARAM_LINE: value };
      t.is(execFileSync(program, args, { encoding: 'utf8', env }), `[${value}]`, `${wrapper.join(' ')}: ${line}`);
    }
});

test('parameters are filled in the command, the environment, the name, the folder, labels and tags', async (t) => {
  const task = { args: ['{a}'], env: { B: '{a}' }, name: 'n{a}', cwd: 'd{a}', labels: ['l={a}'], tags: ['t{a}'] };
  t.deepEqual(await expandSweep(task, { sweep: ['a=1'], array: '5' }), [
    {
      args: ['1'],
      env: { B: '1' },
      name: 'n1',
      cwd: 'd1',
      labels: ['l=1'],
      tags: ['t1'],
      params: { a: 1 },
      array_index: 5,
    },
  ]);
});

const refuses = test.macro({
  exec: async (t, options: Partial<SweepOptions>, message: RegExp) => {
    await t.throwsAsync(argsOf(['true', '{a}'], options), { instanceOf: MitoError, message });
  },
  title: (sentence) => sentence ?? '',
});
test('an unknown name is refused, naming the known ones', refuses, { sweep: ['b=1'] }, /the command: \{a\}.*\{b\}/);
test('a parameter that is swept twice is refused', refuses, { sweep: ['a=1', 'a=2'] }, /--sweep: .*twice/);
test(
  'an index of array and sweep is refused',
  refuses,
  { sweep: ['a=1', 'index=1'], array: '1-2' },
  /--array: .*index/,
);
test(
  'a product above the limit is refused before it is made',
  refuses,
  { sweep: ['a=1..1000'], array: '1-1001' },
  /1000000/,
);

test('a parameter by --sweep and by a file is refused', async (t) => {
  const eachLine = await inputFile(t, 'u\nv\n');
  await t.throwsAsync(argsOf(['{line}'], { eachLine, sweep: ['line=1,2'] }), {
    message: /--each-line: .*"line".*--sweep/,
  });
  const eachJson = await inputFile(t, '[{"a": 1}]');
  await t.throwsAsync(argsOf(['{a}'], { eachJson, sweep: ['a=1'] }), { message: /--each-json: .*"a".*--sweep/ });
});

test('numbers of records keep their digits, and other values their JSON', async (t) => {
  const eachJson = await inputFile(t, '{"a": 123456789012345678901, "b": 0.10}\r\n\n{"a": {"x": [1.0]}, "b": null}\n');
  t.deepEqual(await argsOf(['{a}', '{b}'], { eachJson }), [
    ['123456789012345678901', '0.10'],
    ['{"x":[1.0]}', 'null'],
  ]);
});

test('a record that can not be used is named', async (t) => {
  const broken = await inputFile(t, '{"a": 1}\n{"a": }\n');
  await t.throwsAsync(argsOf(['{a}'], { eachJson: broken }), { message: /^--each-json: .*line 2: / });
  const deep = await inputFile(t, `{"a": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
  await t.throwsAsync(argsOf(['{a}'], { eachJson: deep }), { message: /^--each-json: .*line 1: .*100 levels/ });
  const named = await inputFile(t, '[{"a": 1}, {"a-b": 1}]');
  await t.throwsAsync(argsOf(['{a}'], { eachJson: named }), { message: /record 2: "a-b" can't be a parameter/ });
  const missing = await inputFile(t, '[{"a": 1}, {"b": 1}]');
  await t.throwsAsync(argsOf(['{a}'], { eachJson: missing }), { message: /\{a\} is not a parameter/ });
});

test('parameters of submit-many keep their digits; its other numbers are numbers', (t) => {
  const text = '[{"args": ["true"], "priority": 1.0, "params": {"seed": 5000000000000000001, "x": 0.5, "t": "0.50"}}]';
  const [record] = parseRecords(text, { file: 'f', field: '--file' });
  t.deepEqual(record && taskOf(record), {
    args: ['true'],
    priority: 1,
    params: { seed: '5000000000000000001', x: 0.5, t: '0.50' },
  });
});
