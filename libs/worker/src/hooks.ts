import path from 'node:path';
import { formatDuration, MitoError, storableSentence, textTail } from '@mitosis/domain';
import {
  cleanScratch,
  prepareScratch,
  readTaskFile,
  type ExecutionResult,
  type Executor,
  type Scratch,
} from '@mitosis/executor';
import { FrameDecoder, MESSAGE_MAX } from '@mitosis/protocol';

/** Lines for the shell that whoever runs the worker wants to have run. */
export interface Hooks {
  /** Before each task; when it fails the task does not run here. */
  readonly prolog?: string | undefined;
  /** After each task, whatever became of it. */
  readonly epilog?: string | undefined;
  /** Before the worker takes tasks. */
  readonly start?: string | undefined;
  /** When the worker has stopped. */
  readonly stop?: string | undefined;
}

export interface HookRun {
  readonly executor: Pick<Executor, 'run'>;
  readonly name: keyof Hooks;
  readonly line: string;
  readonly executionId: string;
  readonly scratch: Scratch;
  readonly env: Readonly<Record<string, string>>;
  /** Masked in what it prints. */
  readonly secrets?: readonly string[];
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}

const LIMIT_MS = 10 * 60_000;
const GRACE_MS = 5_000;
const OUTPUT_BYTES = 2 ** 20;
const SHOWN = 500;

/** The end of what the program of `scratch` has printed. */
async function lastWords({ spoolPath }: Scratch): Promise<string> {
  const frames = await readTaskFile(spoolPath, 2 * OUTPUT_BYTES);
  if (!frames) return '';
  const text = [...new FrameDecoder().push(frames)].map(({ payload }) => Buffer.from(payload).toString()).join('');
  return textTail(text.trimEnd(), SHOWN);
}

function howItEnded({ outcome, exitCode, signal, message }: ExecutionResult): string {
  if (outcome !== 'exited') return message ?? outcome;
  return signal === null ? `it ended with exit code ${exitCode}` : `${signal} ended it`;
}

/**
 * Runs a line of the operator's beside a task, in its folders and as it would run. Throws `hook_failed` with the
 * reason and the end of what it printed, and the reason of `signal` when that fires.
 */
export async function runHook(hook: HookRun): Promise<void> {
  const { executor, name, line, executionId, env, secrets = [], limitMs = LIMIT_MS, signal } = hook;
  const scratch = { ...hook.scratch, spoolPath: path.join(hook.scratch.dir, `${name}.spool`) };
  const execution = executor.run({
    executionId: `${executionId}-${name}`,
    spec: { args: ['/bin/sh', '-c', line], env, secrets, timeoutMs: limitMs, graceMs: GRACE_MS },
    scratch,
    outputLimitBytes: OUTPUT_BYTES,
  });
  const cancel = (): void => execution.cancel(String(signal?.reason));
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  const result = await execution.result;
  signal?.removeEventListener('abort', cancel);
  signal?.throwIfAborted();
  if (result.outcome === 'exited' && result.exitCode === 0) return;
  const limit = result.outcome === 'timed_out' ? ` (a hook may take ${formatDuration(limitMs)})` : '';
  const words = await lastWords(scratch).catch(() => '');
  const said = words === '' ? '' : `. It printed: ${words}`;
  const message = `The ${name} of the worker failed: ${howItEnded(result)}${limit}${said}`;
  throw new MitoError('unavailable', 'hook_failed', storableSentence(message, MESSAGE_MAX));
}

/** Runs a hook of the worker itself, in a folder of its own that is removed. Throws as {@link runHook}. */
export async function runWorkerHook(
  executor: Pick<Executor, 'run'>,
  { name, line }: { readonly name: 'start' | 'stop'; readonly line: string | undefined },
  { scratchRoot, env }: { readonly scratchRoot: string; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  if (line === undefined) return;
  const executionId = `worker-${name}`;
  const scratch = await prepareScratch(scratchRoot, executionId);
  try {
    await runHook({ executor, name, line, executionId, scratch, env: { HOME: scratch.homeDir, ...env } });
  } finally {
    await cleanScratch(scratch);
  }
}
