import { isUtf8 } from 'node:buffer';
import type { WorkerClient } from '@mitosis/client';
import { MitoError, type Log } from '@mitosis/domain';
import {
  readPieces,
  withTaskFile,
  type Execution,
  type ProgramSpec,
  type SandboxExecutor,
  type Scratch,
} from '@mitosis/executor';
import { FrameDecoder, WORKLOAD_LIMITS, type ClaimedTask, type WasmSpec } from '@mitosis/protocol';
import type { InputCache } from './inputs/input-cache.js';
import { joinResults } from './join-results.js';
import { keepTrying } from './keep-trying.js';

export interface RunProgramDeps {
  readonly sandbox: SandboxExecutor;
  readonly cache: InputCache;
  readonly client: Pick<WorkerClient, 'download' | 'fetchShort' | 'subtaskResults'>;
  readonly log: Log;
}

/**
 * Starts the sandboxed program of a claim. The cache holds its file until it has ended. Throws
 * MitoErrors for a program or inputs that can't be had, and the reason of `stop`.
 */
export async function startProgram(
  deps: RunProgramDeps,
  claim: ClaimedTask,
  { executionId, scratch, stop }: { executionId: string; scratch: Scratch; stop: AbortSignal },
): Promise<Execution> {
  const { wasm } = claim.spec;
  if (!wasm || !claim.program) throw new MitoError('not-found', 'program_not_found', 'the program was deleted');
  const { size_bytes: sizeBytes, download } = claim.program;
  const { sha256 } = wasm;
  const { stdin_base64: given } = claim.spec;
  const stdin =
    claim.workload?.step === 'reduce'
      ? await joinResults(deps, claim, scratch, stop)
      : Buffer.from(given ?? '', 'base64');
  const source = { sizeBytes, sha256, sign: () => Promise.resolve(download) };
  const fetch = (file: string, signal: AbortSignal): Promise<void> =>
    keepTrying('fetching a program', () => deps.client.download(source, file, signal), { log: deps.log, signal });
  return new Promise((resolve, reject) => {
    const run = async (programPath: string): Promise<void> => {
      const execution = deps.sandbox.run({ executionId, spec: toSpec(claim, wasm, { programPath, stdin }), scratch });
      resolve(execution);
      await execution.result;
    };
    deps.cache.use({ group: claim.group, sha256, sizeBytes }, fetch, stop, run).catch(reject);
  });
}

function toSpec(
  claim: ClaimedTask,
  wasm: WasmSpec,
  { programPath, stdin }: Pick<ProgramSpec, 'programPath'> & { stdin: NonNullable<ProgramSpec['stdin']> },
): ProgramSpec {
  return {
    programPath,
    sha256: wasm.sha256,
    args: claim.spec.args,
    env: programEnvironment(claim),
    timeoutMs: claim.timeout_ms,
    memoryLimitBytes: wasm.memory_limit_bytes,
    cpuLimitMs: wasm.cpu_limit_ms,
    outputLimitBytes: wasm.output_limit_bytes,
    stdin,
  };
}

/** What a program finds in its environment: what the task says, and where things are in its own file system. */
function programEnvironment({ spec, task, attempt }: ClaimedTask): Record<string, string> {
  return {
    ...spec.env,
    MITO_TASK_UUID: task,
    MITO_TASK_ATTEMPT: String(attempt),
    MITO_RESULT_DIR: '/result',
    MITO_RESOURCE_DIR: '/resource',
    TMPDIR: '/tmp',
  };
}

/**
 * The lines that the `split` of a workload has printed. Throws, with the reason, when they are too many or too long.
 */
export async function readSubtasks({ spoolPath }: Scratch, most: number): Promise<string[]> {
  const decoder = new FrameDecoder();
  const parts: Buffer[] = [];
  let size = 0;
  await withTaskFile(spoolPath, async (spool, sizeBytes) => {
    for await (const chunk of readPieces(spool, 0, sizeBytes)) {
      for (const { stream, payload } of decoder.push(chunk)) {
        if (stream !== 'stdout') continue;
        parts.push(Buffer.from(payload));
        size += payload.length;
      }
      if (size > WORKLOAD_LIMITS.linesBytes)
        throw new Error(`split has printed more than ${WORKLOAD_LIMITS.linesBytes} bytes`);
    }
  });
  const bytes = Buffer.concat(parts);
  if (!isUtf8(bytes)) throw new Error('what split has printed is not UTF-8 text');
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const long = lines.findIndex((line) => Buffer.byteLength(line) > WORKLOAD_LIMITS.lineBytes);
  if (long >= 0) throw new Error(`line ${long + 1} of split is longer than ${WORKLOAD_LIMITS.lineBytes} bytes`);
  if (lines.length > most) throw new Error(`split has printed ${lines.length} subtasks, ${most} are allowed`);
  return lines;
}
