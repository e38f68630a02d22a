import { execFileSync } from 'node:child_process';
import test from 'ava';
import { readSbatch, readScriptHead, scriptCommand } from '../index.js';
import { slurmGpus, slurmSeconds, slurmSize } from './slurm-values.js';

test('times are read as Slurm reads them', (t) => {
  const cases: readonly (readonly [string, number | null | undefined])[] = [
    ['60', 3600],
    ['90', 5400],
    ['10:00', 600],
    ['0:29', 29],
    ['1:00:00', 3600],
    ['1-0', 86_400],
    ['1-12', 129_600],
    ['1-12:30', 131_400],
    ['1-12:30:05', 131_405],
    ['0', null],
    ['UNLIMITED', null],
    ['2h', undefined],
    ['', undefined],
    ['-5', undefined],
  ];
  for (const [text, seconds] of cases) t.is(slurmSeconds(text), seconds, text);
});

test('sizes and gpus are read as Slurm reads them', (t) => {
  t.deepEqual(['4096', '4G', '512K', '1.5T', '4GB', 'x'].map(slurmSize), [
    '4096MiB',
    '4GiB',
    '512KiB',
    '1.5TiB',
    '4GiB',
    undefined,
  ]);
  t.deepEqual(['gpu', 'gpu:2', 'gpu:a100', 'gpu:a100:2', 'license:1'].map(slurmGpus), [
    '1',
    '2',
    '1:a100',
    '2:a100',
    undefined,
  ]);
});

const SCRIPT = `#!/bin/bash\r
#SBATCH --job-name="a b" # a comment\r
#SBATCH -t 1-12 --mem=4096\r

# a comment
#SBATCH --gres=gpu:2 --array=1-10:3%2 --partition=long
#SBATCH --dependency=afterok:u1:u2,afterany:u3 --exclusive -o out.txt
set -euo pipefail
#SBATCH --cpus-per-task=4
#MITO --gpus 1
echo hi
`;

test('the head of a script ends at its first command; what has no effect is named with its line', (t) => {
  const head = readScriptHead('s.sh', SCRIPT);
  t.deepEqual(head.late, [
    { line: 9, text: '#SBATCH --cpus-per-task=4' },
    { line: 10, text: '#MITO --gpus 1' },
  ]);
  const { options, dependencies, ignored } = readSbatch('s.sh', head.sbatch);
  t.deepEqual(options, [
    '--name',
    'a b',
    '--timeout',
    '129600s',
    '--mem',
    '4096MiB',
    '--gpus',
    '2',
    '--array',
    '1-10:3%2',
    '--terminal',
  ]);
  t.deepEqual(dependencies, [
    { id: 'u1', when: 'completed' },
    { id: 'u2', when: 'completed' },
    { id: 'u3', when: 'ended' },
  ]);
  t.deepEqual(
    ignored.map(({ line, option }) => `${line} ${option}`),
    ['6 --partition=long', '7 --exclusive', '7 -o'],
  );
});

test('a signal before the end is a warning, and a job that may be requeued is', (t) => {
  const optionsOf = (line: string) => {
    const { options, ignored } = readSbatch('s.sh', readScriptHead('s.sh', `#!/bin/sh\n#SBATCH ${line}\n`).sbatch);
    return ignored.length > 0 ? ignored.map(({ why }) => why) : options;
  };
  t.deepEqual(optionsOf('--signal=USR1@300'), ['--warn-before', '300s:USR1']);
  t.deepEqual(optionsOf('--signal=B:12@90'), ['--warn-before', '90s:USR2']);
  t.deepEqual(optionsOf('--signal SIGTERM'), ['--warn-before', '60s:TERM']);
  t.deepEqual(optionsOf('--requeue'), ['--requeue-on', 'lost']);
  t.regex(optionsOf('--signal=KILL@5')[0] ?? '', /is not a signal for a warning/);
  t.regex(optionsOf('--no-requeue')[0] ?? '', /at most three times/);
});

test('mail options of Slurm become those of notifications, and what nobody is told of is named', (t) => {
  const read = (...lines: string[]) =>
    readSbatch('s.sh', readScriptHead('s.sh', `#!/bin/sh\n${lines.join('\n')}\n`).sbatch);
  const all = read('#SBATCH --mail-type=BEGIN,END,FAIL', '#SBATCH --mail-user=me@example.org');
  t.deepEqual(all.options, ['--on', 'started,ended,failed', '--notify', 'me@example.org']);
  t.deepEqual(all.ignored, []);
  t.deepEqual(read('#SBATCH --mail-type=all').options, ['--on', 'started,ended,failed']);
  t.deepEqual(read('#SBATCH --mail-type=NONE').options, []);
  const some = read('#SBATCH --mail-type=FAIL,TIME_LIMIT_80,ARRAY_TASKS');
  t.deepEqual(some.options, ['--on', 'failed']);
  t.regex(some.ignored[0]?.why ?? '', /TIME_LIMIT_80, ARRAY_TASKS; one message/);
  const alone = read('#SBATCH --mail-user=me@example.org');
  t.deepEqual(alone.options, []);
  t.regex(alone.ignored[0]?.why ?? '', /without --mail-type/);
});

test('what can not be kept and matters is refused with its line', (t) => {
  const refused = (line: string, message: RegExp): void => {
    t.throws(() => readSbatch('s.sh', readScriptHead('s.sh', `#!/bin/sh\n${line}\n`).sbatch), { message });
  };
  refused('#SBATCH --time=2h', /^s\.sh:2: #SBATCH --time=2h: "2h" is not a time of Slurm/);
  refused('#SBATCH --dependency=singleton', /"singleton" has no equal/);
  refused('#SBATCH --dependency=afterok:1?afterok:2', /any of them/);
  refused('#SBATCH --array', /it has no value/);
  t.throws(() => readScriptHead('s.sh', '#MITO --name "a'), { message: /^s\.sh:1: a quote is not closed/ });
});

test('a script runs as its first line says, with its arguments and, on request, the variables of Slurm', (t) => {
  const run = (content: string, args: string[], hasSlurmVariables = false): string => {
    const [program = '', ...rest] = scriptCommand({
      name: 'a.sh',
      title: "it's.sh",
      content,
      args,
      hasSlurmVariables,
      indices: [2, 4],
    });
    const env = { PATH: process.env.PATH ?? '', MITO_TASK_UUID: 'u', MITO_ARRAY_INDEX: '4' };
    return execFileSync(program, rest, { encoding: 'utf8', env });
  };
  t.is(run('#!/bin/sh\r\necho "$1" "$#" "${x:-no}" {a}\r\n', ['a b', '$(id)']), 'a b 2 no {a}\n');
  t.is(run('#!/usr/bin/env -S awk -f\nBEGIN { print 1 + 1 }\n', []), '2\n');
  t.is(
    run(
      '#!/bin/sh\necho $SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MAX $SLURM_JOB_ID ' +
        '"$SLURM_JOB_NAME"',
      [],
      true,
    ),
    "4 2 4 u it's.sh\n",
  );
});
