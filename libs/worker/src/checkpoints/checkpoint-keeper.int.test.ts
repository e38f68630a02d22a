import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { DONE_NAME, prepareScratch, type ExecutionResult } from '@mitosis/executor';
import type { ClaimedTask, StoreCheckpoint } from '@mitosis/protocol';
import { silentLog, tempDir } from '@mitosis/testing';
import { CheckpointKeeper } from './checkpoint-keeper.js';

const { signal } = new AbortController();
const ENDED = { outcome: 'exited', exitCode: 0, signal: null } as ExecutionResult;
const KILLED = { ...ENDED, exitCode: 137, signal: 'SIGKILL' } as ExecutionResult;

async function keeperOf(t: ExecutionContext, prepare: (dir: string) => Promise<unknown> = async () => undefined) {
  const scratch = await prepareScratch(await tempDir(t), 'task-1');
  const { checkpointDir: dir } = scratch;
  await prepare(dir);
  const stored: StoreCheckpoint[] = [];
  const claim = { task: 't', attempt: 1, lease: 'l', spec: {} } as unknown as ClaimedTask;
  const upload = async (): Promise<void> => undefined;
  const store = async (checkpoint: StoreCheckpoint): Promise<void> => void stored.push(checkpoint);
  return { dir, stored, keeper: new CheckpointKeeper({ log: silentLog, upload, store }, claim, scratch) };
}

test('what a checkpoint leaves out is told with its reason', async (t) => {
  const { dir, stored, keeper } = await keeperOf(t);
  await writeFile(path.join(dir, 'model'), 'weights');
  for (const name of ['pipe-1', 'pipe-2']) await promisify(execFile)('mkfifo', [path.join(dir, name)]);
  const { notes, lost } = await keeper.finish(ENDED, signal);
  t.is(stored.length, 1);
  t.deepEqual(lost, []);
  t.is(notes.length, 1);
  t.regex(notes[0] ?? '', /^The newest checkpoint leaves out pipe-[12]: a named pipe, and 1 more$/);
});

test('a checkpoint that has everything is not worth a note', async (t) => {
  const { dir, stored, keeper } = await keeperOf(t);
  await mkdir(path.join(dir, 'step-1'));
  await writeFile(path.join(dir, 'step-1', 'model'), 'weights');
  t.deepEqual(await keeper.finish(ENDED, signal), { notes: [], lost: [] });
  t.is(stored.length, 1);
});

test('a program that marked its state before has to mark the last one, too', async (t) => {
  const { dir, stored, keeper } = await keeperOf(t, (folder) => writeFile(path.join(folder, DONE_NAME), ''));
  await rm(path.join(dir, DONE_NAME));
  await writeFile(path.join(dir, 'model'), 'half');
  const { lost } = await keeper.finish(ENDED, signal);
  t.deepEqual(lost, [{ kind: 'checkpoint', why: `there is no ${DONE_NAME} in it` }]);
  t.is(stored.length, 0);
});

test('a state that is marked is stored, also of a program that was killed just after it', async (t) => {
  const { dir, stored, keeper } = await keeperOf(t);
  await writeFile(path.join(dir, 'model'), 'weights');
  await writeFile(path.join(dir, DONE_NAME), '');
  t.deepEqual(await keeper.finish(KILLED, signal), { notes: [], lost: [] });
  t.is(stored.length, 1);
});
