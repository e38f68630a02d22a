import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { FrameDecoder, type OutputFrame, type OutputStream } from '@mitosis/protocol';
import { eventually, silentLog, tempDir, type Scope } from '@mitosis/testing';
import {
  Executor,
  prepareScratch,
  taskEnvironment,
  type CommandSpec,
  type Execution,
  type ExecutionResult,
  type ExecutorOptions,
  type Scratch,
} from '../index.js';

export interface RunOptions extends Partial<CommandSpec> {
  readonly outputLimitBytes?: number;
  /** Changes the folders before the run. */
  readonly prepare?: (scratch: Scratch) => Promise<Scratch | void>;
}

export interface Started {
  readonly execution: Execution;
  readonly scratch: Scratch;
  readonly result: Promise<ExecutionResult>;
}

/** An executor with its own root, and short ways to use it. */
export interface ExecutorFixture {
  readonly executor: Executor;
  readonly root: string;
  start(args: readonly string[], options?: RunOptions): Promise<Started>;
  run(args: readonly string[], options?: RunOptions): Promise<ExecutionResult & { output: string; scratch: Scratch }>;
}

let runs = 0;

/** A started executor, stopped when `scope` ends. */
export async function executorFixture(scope: Scope, options: Partial<ExecutorOptions> = {}): Promise<ExecutorFixture> {
  const root = options.scratchRoot ?? (await tempDir(scope));
  const executor = new Executor({ scratchRoot: root, log: silentLog, ...options });
  scope.teardown(() => executor.stop());
  await executor.start();
  const start: ExecutorFixture['start'] = (args, runOptions = {}) => startRun({ executor, root }, args, runOptions);
  return {
    executor,
    root,
    start,
    async run(args, runOptions) {
      const { result, scratch } = await start(args, runOptions);
      return { ...(await result), output: await printed(scratch, 'stdout'), scratch };
    },
  };
}

async function startRun(
  { executor, root }: Pick<ExecutorFixture, 'executor' | 'root'>,
  args: readonly string[],
  { outputLimitBytes = 2 ** 30, prepare, env = {}, ...spec }: RunOptions,
): Promise<Started> {
  const executionId = `task-${++runs}`;
  const fresh = await prepareScratch(root, executionId);
  const scratch = (await prepare?.(fresh)) ?? fresh;
  const complete = taskEnvironment({ taskUuid: 'task', attempt: runs, scratch, env });
  const command = { timeoutMs: 30_000, graceMs: 5000, ...spec, args, env: complete };
  const execution = executor.run({ executionId, spec: command, scratch, outputLimitBytes });
  return { execution, scratch, result: execution.result };
}

/** A small script for /bin/sh. */
export function sh(script: string): string[] {
  return ['/bin/sh', '-c', script];
}

/** All frames of a spool. Throws when there is half a frame. */
export async function framesOf({ spoolPath }: Scratch): Promise<OutputFrame[]> {
  const decoder = new FrameDecoder();
  const frames = decoder.push(await readFile(spoolPath));
  if (!decoder.isAtBoundary) throw new Error('the spool ends with half a frame');
  return frames;
}

/** What a spool holds of one stream. */
export async function printed(scratch: Scratch, stream: OutputStream): Promise<string> {
  const frames = await framesOf(scratch);
  return Buffer.concat(frames.filter((frame) => frame.stream === stream).map(({ payload }) => payload)).toString();
}

/** Waits until the program has printed `text`. */
export async function hasPrinted(scratch: Scratch, text: string): Promise<void> {
  await eventually(async () => (await printed(scratch, 'stdout')).includes(text), {
    message: `"${text}" was not printed`,
  });
}

/** A number of seconds that no other program on the machine sleeps, by which ours is found. */
export function uniqueSleep(): string {
  return `3600.${process.pid}${String(++runs).padStart(6, '0')}`;
}

/** Command lines of the processes that sleep so long. */
export async function sleepers(seconds: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'args=']);
  return stdout.split('\n').filter((line) => line.includes(seconds));
}
