import test from 'ava';
import { parseNeeds, type Need } from '@mitosis/domain';
import type { TaskView } from '@mitosis/protocol';
import { asCommand, needOptions } from './as-command.js';

const AT = '2026-01-01T00:00:00.000Z';
const UUID = '01a22f5c-38a3-70a2-b764-1f2177b3a060';
const GIB = 2 ** 30;

const CODE = {
  sha256: '0'.repeat(64),
  files: 1,
  bytes: 1,
  folder: 'lab code',
  commit: null,
  branch: null,
  is_dirty: null,
};

function taskOf(changes: Partial<TaskView>): TaskView {
  return {
    uuid: UUID,
    group: 'lab',
    creator: 'ada',
    name: 'true',
    args: ['true'],
    env: {},
    tags: [],
    labels: [],
    priority: 0,
    timeout_ms: null,
    warn_before_ms: null,
    warn_signal: null,
    checkpoint_every_ms: null,
    requeue_on: [],
    requeues_max: 100,
    retries: 0,
    retry_exit_codes: [],
    limits: {},
    resources: [],
    needs: [],
    secrets: [],
    cwd: null,
    log_limit_bytes: null,
    wasm: null,
    pty: null,
    terminal: false,
    code: null,
    created_at: AT,
    ...changes,
  } as unknown as TaskView;
}

test('what a shell would obey is quoted', (t) => {
  const task = taskOf({ name: '$(id)', env: { A: "x'y\n`id`" }, secrets: ['TOKEN'] });
  t.deepEqual(asCommand(task), [
    `mito tasks submit -g lab --name '$(id)' -e 'A=x'\\''y\n\`id\`' --secret TOKEN -- true`,
  ]);
});

test('a folder of code is named by its name only, whatever the submitter has called it', (t) => {
  const linesOf = (folder: string) => asCommand(taskOf({ code: { ...CODE, folder } }));
  t.deepEqual(linesOf('lab code'), [
    `mito tasks code ${UUID} -o 'lab code'`,
    `mito tasks submit -g lab -C 'lab code' -- true`,
  ]);
  for (const hostile of ['', '/root/.ssh', '../x', '..', '.ssh', '~', '-o', 'a/../../b', 'a\\b'])
    t.deepEqual(
      linesOf(hostile),
      [`mito tasks code ${UUID} -o code`, 'mito tasks submit -g lab -C code -- true'],
      hostile,
    );
});

test('what it needs of a machine is said again', (t) => {
  const needs: Need[] = [
    { cpus: 4, mem_bytes: 16 * GIB + 1, gpus: 2, gpu_model: 'a100-80gb', gpu_mem_bytes: 20 * GIB, disk_bytes: 1 },
    { gpus: 0.25, units: { license: 2, fpga: 1 }, whole_machine: true },
    { cpus: 0 },
  ];
  t.deepEqual(parseNeeds(needOptions(needs)), needs);
  t.deepEqual(asCommand(taskOf({ needs: [{ cpus: 4 }, { whole_machine: true }] })), [
    'mito tasks submit -g lab --cpus 4 --or --whole-machine -- true',
  ]);
});

test('the environment is named again', (t) => {
  const task = taskOf({ code: { ...CODE, folder: 'lab' }, env_setup: 'venv:dev requirements.txt' });
  t.is(asCommand(task)[1], "mito tasks submit -g lab -C lab --env-setup 'venv:dev requirements.txt' -- true");
});
