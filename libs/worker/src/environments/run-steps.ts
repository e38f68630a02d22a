import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { textTail } from '@mitosis/domain';
import { cleanScratch, prepareScratch, readTaskFile, type ExecutionResult, type Executor } from '@mitosis/executor';
import { FrameDecoder } from '@mitosis/protocol';
import { environmentFailed } from './environment-failed.js';

const run = promisify(execFile);

export interface StepsRun {
  readonly executor: Pick<Executor, 'run'>;
  readonly scratchRoot: string;
  /** Of this build, unlike all others under way. */
  readonly id: string;
  readonly steps: readonly (readonly string[])[];
  /** Where they start. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Masked in what they print. */
  readonly secrets: readonly string[];
  /** Gets what they print. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

const GRACE_MS = 5_000;
const OUTPUT_BYTES = 8 * 2 ** 20;
const SHOWN = 1_500;
/** The executor starts programs in folders of its own only. */
const IN_DIR = ['/bin/sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh'];

/** A build that did not work, with the end of its log. */
export class StepFailure extends Error {
  constructor(
    readonly how: string,
    readonly words: string,
  ) {
    super(words === '' ? how : `${how}. The end of its log: ${words}`);
  }
}

/** Runs them one after the other, as tasks run. Throws {@link StepFailure}, and the reason of `signal`. */
export async function runSteps(steps: StepsRun): Promise<void> {
  const scratch = await prepareScratch(steps.scratchRoot, steps.id);
  try {
    await writeFile(steps.logFile, '');
    for (const [index, step] of steps.steps.entries()) {
      const spoolPath = path.join(scratch.dir, `${index}.spool`);
      const result = await runStep(steps, step, { ...scratch, spoolPath }, `${steps.id}-${index}`);
      const printed = await outputOf(spoolPath);
      await appendFile(steps.logFile, `$ ${step.join(' ')}\n${printed}`);
      steps.signal.throwIfAborted();
      if (result.outcome !== 'exited' || result.exitCode !== 0)
        throw new StepFailure(howItEnded(step, result), textTail(printed.trimEnd(), SHOWN));
    }
  } finally {
    await cleanScratch(scratch);
  }
}

async function runStep(
  { executor, dir, env, secrets, signal }: StepsRun,
  step: readonly string[],
  scratch: Awaited<ReturnType<typeof prepareScratch>>,
  executionId: string,
): Promise<ExecutionResult> {
  const execution = executor.run({
    executionId,
    spec: {
      args: [...IN_DIR, dir, ...step],
      env: { HOME: scratch.homeDir, ...env, TMPDIR: scratch.tmpDir },
      secrets,
      timeoutMs: null,
      graceMs: GRACE_MS,
    },
    scratch,
    outputLimitBytes: OUTPUT_BYTES,
  });
  const cancel = (): void => execution.cancel(String(signal.reason));
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  const result = await execution.result;
  signal.removeEventListener('abort', cancel);
  return result;
}

async function outputOf(spoolPath: string): Promise<string> {
  const frames = await readTaskFile(spoolPath, 2 * OUTPUT_BYTES);
  if (!frames) return '';
  const parts = [...new FrameDecoder().push(frames)].map(({ payload }) => Buffer.from(payload));
  return Buffer.concat(parts).toString('utf8');
}

function howItEnded([program = '', ...args]: readonly string[], result: ExecutionResult): string {
  const { outcome, exitCode, signal, message } = result;
  const what = [path.basename(program), ...args.slice(0, 3)].join(' ');
  if (outcome !== 'exited') return `"${what}" did not run: ${message ?? outcome}`;
  return signal === null ? `"${what}" ended with exit code ${exitCode}` : `${signal} ended "${what}"`;
}

/** Waits until what was written in the file system of `dir` is on the disk. */
export async function syncFileSystem(dir: string): Promise<void> {
  await run('sync', process.platform === 'linux' ? ['-f', dir] : []).catch((cause: Error) => {
    throw environmentFailed(`The environment was not written to the disk: ${cause.message}`, cause);
  });
}
