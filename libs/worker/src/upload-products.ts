import { createHash, randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import path from 'node:path';
import { MitoError, storableSentence, type Log } from '@mitosis/domain';
import {
  errorCode,
  packFolder,
  readPieces,
  readTaskFile,
  UNMENTIONED,
  withTaskFile,
  type PackedFolder,
  type PlacedFiles,
  type Scratch,
} from '@mitosis/executor';
import {
  INLINE_OUTPUT_BYTES,
  type ArtifactKind,
  type AttemptReport,
  type ClaimedTask,
  type ReportedOutput,
  type UploadRequest,
} from '@mitosis/protocol';
import { splitOutput } from './split-output.js';
import { whileGrowing, withinTime } from './within-time.js';

export interface UploadProductsDeps {
  /** Stores a file of the attempt, however long the coordinator or the store are away. */
  upload(request: UploadRequest, file: string): Promise<void>;
  /** Ends packing, too, which a task can make long: with its reason. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

export type Products = Pick<AttemptReport, 'artifacts' | 'output' | 'not_kept'>;

const SKIPPED_MAX = 1000;
const WHY_MAX = 1000;
const PATH_MAX = 4096;
const SKIPPED_WHY_MAX = 255;

/** What programs keep in the working folder for the next time, when that is their HOME; there is none. */
const CACHES = new Set(
  ['.cache', '.npm', '.yarn', '.pnpm-store', '.bun', '.conda', '.mamba', '.virtualenvs', '.cargo', '.rustup', '.gradle']
    .concat(['.m2', '.ivy2', '.sbt', '.nuget', '.dotnet', '.gem', '.bundle', '.ccache', '.nv', '.triton', '.keras'])
    .concat(['.torch', '.julia', '.ipython', '.jupyter', '.matplotlib', '.texlive', '.nextflow', '.apptainer'])
    .concat(['.singularity', '.local/share', '.local/state', '.local/lib', '.config/matplotlib', 'Library/Caches'])
    .concat(['snap']),
);
const CACHE = 'a cache: exec-log leaves it out';

/** Why something in the working folder is not part of the exec-log. */
function cacheObjection(name: string): string | undefined {
  return CACHES.has(name) ? CACHE : undefined;
}

/** As {@link cacheObjection}; files of the code that are as they were laid down are left out without a word. */
function withoutCode(dir: string, placed: PlacedFiles | undefined): (name: string) => string | undefined {
  if (!placed) return cacheObjection;
  return (name) => {
    const before = placed.get(name);
    if (!before) return cacheObjection(name);
    const now = lstatSync(path.join(dir, name), { throwIfNoEntry: false });
    const isLink = before.size === -1 && now?.isSymbolicLink();
    const isSame = isLink || (now?.size === before.size && now.mtimeMs === before.mtimeMs);
    return isSame ? UNMENTIONED : undefined;
  };
}

/** A file that can't be read for so long (a folder that was mounted, a disk that hangs) is given up. */
const STALL_MS = 5 * 60_000;

async function measure(file: string): Promise<Pick<PackedFolder, 'sizeBytes' | 'sha256'>> {
  const measured = await withTaskFile(file, async (handle, sizeBytes) => {
    const hash = createHash('sha256');
    for await (const piece of readPieces(handle, 0, sizeBytes)) hash.update(piece);
    return { sizeBytes, sha256: hash.digest('hex') };
  });
  return measured ?? gone();
}

/** The task can do what it likes in its folders; what it removed is not kept. */
function gone(): never {
  throw new MitoError('not-found', 'output_gone', 'the task removed it');
}

/** A link instead of one of our folders leads to files of others. */
async function assertOurs(...dirs: readonly string[]): Promise<void> {
  for (const dir of dirs) {
    const stats = await lstat(dir).catch(() => gone());
    if (!stats.isDirectory()) throw new MitoError('not-found', 'output_gone', 'the task replaced its folder');
  }
}

/** Where an attempt has run. */
export interface Surroundings {
  readonly scratch: Scratch;
  readonly outputBytes: number;
  /** The files of the code that it started with. */
  readonly placed?: PlacedFiles | undefined;
  /** A folder with the log of its environment, when it keeps that. */
  readonly logDir?: string | undefined;
}

/** Uploads what an attempt has left behind, and returns what the report says of it. */
export async function uploadProducts(
  { upload, signal, log }: UploadProductsDeps,
  { task, attempt, lease, spec }: ClaimedTask,
  { scratch, outputBytes, placed, logDir }: Surroundings,
): Promise<Products> {
  const store = async (kind: UploadRequest['kind'], file: string, packed: Pick<PackedFolder, 'sizeBytes' | 'sha256'>) =>
    upload({ task, attempt, lease, kind, size_bytes: packed.sizeBytes, sha256: packed.sha256 }, file);

  const artifacts: AttemptReport['artifacts'] = [];
  const notKept: AttemptReport['not_kept'] = [];
  const orSay = async (kind: UploadRequest['kind'], work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      notKept.push({ kind, why: reasonOf(error) });
      log.warn({ err: error, task, kind }, 'a product of a task was not kept');
    }
  };
  const keep = async (kind: ArtifactKind, dir: string): Promise<void> => {
    // A name that the task could not know: what it has put in place is not written to.
    const file = path.join(scratch.dir, `${kind}-${randomUUID()}.tar.gz`);
    const choices = { signal, ...(kind === 'exec-log' && { leaveOut: withoutCode(scratch.execDir, placed) }) };
    await assertOurs(scratch.dir, dir);
    const packed = await whileGrowing(file, STALL_MS, packFolder(dir, file, choices));
    // Of a folder of code, nothing but its folders may be left.
    if (!packed || (kind === 'exec-log' && placed && packed.files === 0)) return;
    await store(kind, file, packed);
    await rm(file, { force: true });
    const skipped = packed.skipped.slice(0, SKIPPED_MAX).map(({ path: name, why }) => ({
      path: storableSentence(name, PATH_MAX),
      why: storableSentence(why, SKIPPED_WHY_MAX),
    }));
    artifacts.push({ kind, size_bytes: packed.sizeBytes, sha256: packed.sha256, skipped });
  };
  let output: ReportedOutput | null = null;
  const keepOutput = async (): Promise<void> => {
    if (outputBytes === 0) return;
    if (outputBytes <= INLINE_OUTPUT_BYTES) {
      const bytes = await withinTime('reading the output', STALL_MS, readTaskFile(scratch.spoolPath, outputBytes));
      output = { stored: 'inline', frames_base64: (bytes ?? gone()).toString('base64') };
      return;
    }
    const packed = await withinTime('reading the output', STALL_MS, measure(scratch.spoolPath));
    await store('output', scratch.spoolPath, packed);
    output = { stored: 'object', size_bytes: packed.sizeBytes, sha256: packed.sha256 };
  };

  await orSay('result', () => keep('result', scratch.resultDir));
  if (logDir !== undefined) await orSay('env-log', () => keep('env-log', logDir));
  // A program has its working folder in memory.
  if (!spec.wasm) await orSay('exec-log', () => keep('exec-log', scratch.execDir));
  if (spec.terminal && outputBytes > 0) await orSay('std-log', async () => keep('std-log', await splitOutput(scratch)));
  await orSay('output', keepOutput);
  return { artifacts, output, not_kept: notKept };
}

/** Why a product is not kept; when the attempt was taken away, that is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof MitoError && error.code === 'stale_attempt') throw error;
  return storableSentence(error instanceof MitoError ? error.message : errorCode(error), WHY_MAX);
}
