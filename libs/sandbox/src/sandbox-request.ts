import { invalidField, MitoError } from '@mitosis/domain';
import type { GuestFailure } from './guest/frame.js';

/** A file made visible to the program, read-only, as `/resource/<path>`. */
export interface InputFile {
  /** Relative, with `/` between its parts; no `.`, `..` or empty part. */
  readonly path: string;
  /** Where it lies on this machine. */
  readonly hostPath: string;
}

export interface SandboxRequest {
  /** The program, or the path of a file with it. Read only when no process has it compiled. */
  readonly program: Uint8Array | string;
  /** SHA-256 of the program as 64 hex digits; what is run always has this digest. */
  readonly sha256: string;
  /** The program's arguments; the first one is its name, as for any command. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Bytes, or the path of a file; nothing when left out. */
  readonly stdin?: Uint8Array | string;
  readonly files?: readonly InputFile[];
  /** An existing folder of this machine that receives what the program left in `/result`. */
  readonly resultDir?: string;
  /** Most bytes of the files in `/result` together; more fails the run as `file_limit`. */
  readonly resultLimitBytes?: number;
  /** Linear memory; default {@link SANDBOX_DEFAULTS}. */
  readonly memoryLimitBytes?: number;
  /** Bytes of the files that the program may have at once (`/result`, `/tmp` and elsewhere). */
  readonly fileLimitBytes?: number;
  /** CPU time of the process, compiling included; ends the run as `timed_out`, `cpu_limit`. */
  readonly cpuTimeLimitMs?: number;
  /** Time from the start of the program; ends the run as `timed_out`, `wall_limit`. */
  readonly wallLimitMs?: number;
  /** Both output streams together; more ends the run as `failed`, `output_limit`. */
  readonly outputLimitBytes?: number;
  /**
   * Takes the output in order, as it is written. The program waits while the promise is pending;
   * a rejection ends the run and rejects {@link SandboxRequest}'s run with the same error.
   */
  readonly onOutput: (stream: 1 | 2, bytes: Uint8Array) => Promise<void>;
}

export type SandboxReason =
  | Exclude<GuestFailure, 'deadline' | 'invalid_program'>
  | 'cpu_limit'
  | 'wall_limit'
  /** A result file has a name that can't be written. */
  | 'result_refused'
  /** The process that ran the program has died without a word. */
  | 'process_died';

/** How a program that was started has ended. */
export interface SandboxResult {
  readonly outcome: 'exited' | 'timed_out' | 'cancelled' | 'failed';
  /** Set exactly when `outcome` is `exited`. */
  readonly exitCode: number | null;
  readonly reason?: SandboxReason;
  /** A sentence for a person, or what the engine said. */
  readonly message?: string;
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The largest size of the linear memory; null when the program was killed. */
  readonly peakMemoryBytes: number | null;
}

const MIB = 1024 * 1024;
export const PAGE_BYTES = 65_536;

/** What a request gets that doesn't say otherwise. */
export const SANDBOX_DEFAULTS = {
  memoryLimitBytes: 64 * MIB,
  fileLimitBytes: 64 * MIB,
  resultLimitBytes: 64 * MIB,
  cpuTimeLimitMs: 300_000,
  wallLimitMs: 600_000,
  outputLimitBytes: 64 * MIB,
} as const;

/** The most that a request may ask for. */
export const SANDBOX_MAXIMA = {
  memoryLimitBytes: 1024 * MIB,
  fileLimitBytes: 1024 * MIB,
  resultLimitBytes: 1024 * MIB,
  cpuTimeLimitMs: 2_147_483_647,
  wallLimitMs: 2_147_483_647,
  outputLimitBytes: Number.MAX_SAFE_INTEGER,
} as const;

export type SandboxLimits = Record<keyof typeof SANDBOX_DEFAULTS, number>;

const ARGS_MAX = 4096;
const ARGS_BYTES_MAX = MIB;
const FILES_MAX = 4096;
const PATH_BYTES_MAX = 1024;
const SHA256_PATTERN = /^[0-9a-f]{64}$/;

function byteSum(strings: readonly string[]): number {
  return strings.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
}

/** Throws unless `path` is relative and leads nowhere but down. */
export function checkRelativePath(field: string, path: string): void {
  const isPlain = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isPlain || path.includes('\0'))
    throw invalidField(field, `${JSON.stringify(path)} is not a plain relative path`);
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw invalidField(field, `a path has more than ${PATH_BYTES_MAX} bytes`);
}

function checkStrings({ args, env }: SandboxRequest): void {
  const pairs = Object.entries(env);
  for (const [field, list] of [
    ['args', args],
    ['env', pairs.flat()],
  ] as const) {
    if (list.length > ARGS_MAX) throw invalidField(field, `more than ${ARGS_MAX} strings`);
    if (list.some((text) => text.includes('\0'))) throw invalidField(field, 'a string has a NUL character in it');
  }
  if (pairs.some(([key]) => key === '' || key.includes('=')))
    throw invalidField('env', 'a name is empty or has "=" in it');
  const size = byteSum(args) + byteSum(pairs.flat());
  if (size > ARGS_BYTES_MAX)
    throw invalidField('args', `args and env have ${size} bytes, ${ARGS_BYTES_MAX} are allowed`);
}

function checkFiles(files: readonly InputFile[]): void {
  if (files.length > FILES_MAX) throw invalidField('files', `more than ${FILES_MAX} files`);
  for (const { path } of files) checkRelativePath('files.path', path);
  if (new Set(files.map(({ path }) => path)).size < files.length)
    throw invalidField('files.path', 'a path occurs twice');
}

function limitOf(request: SandboxRequest, name: keyof SandboxLimits): number {
  const value = request[name] ?? SANDBOX_DEFAULTS[name];
  if (!Number.isSafeInteger(value) || value <= 0 || value > SANDBOX_MAXIMA[name]) {
    throw invalidField(name, `${value} is not a whole number from 1 to ${SANDBOX_MAXIMA[name]}`);
  }
  return value;
}

/** Checks a request and returns its limits. Throws `invalid` errors that name the field. */
export function checkRequest(request: SandboxRequest): SandboxLimits {
  if (!SHA256_PATTERN.test(request.sha256)) throw invalidField('sha256', 'not 64 lower-case hex digits');
  checkStrings(request);
  checkFiles(request.files ?? []);
  const names = Object.keys(SANDBOX_DEFAULTS) as (keyof SandboxLimits)[];
  const limits = Object.fromEntries(names.map((name) => [name, limitOf(request, name)])) as SandboxLimits;
  if (limits.memoryLimitBytes < PAGE_BYTES)
    throw invalidField('memoryLimitBytes', `less than a page of ${PAGE_BYTES} bytes`);
  return limits;
}

/** The error of a run that can't start because the sandbox is stopped. */
export function sandboxStopped(): MitoError {
  return new MitoError('unavailable', 'sandbox_stopped', 'the sandbox is stopped');
}
