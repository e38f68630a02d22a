import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cutText, MitoError } from '@mitosis/domain';
import { packFolder, type PackedFolder, type Scratch } from '@mitosis/executor';
import {
  INLINE_OUTPUT_BYTES,
  type ArtifactKind,
  type AttemptReport,
  type ClaimedTask,
  type ReportedOutput,
  type UploadRequest,
} from '@mitosis/protocol';
import { splitOutput } from './split-output.js';

export interface UploadProductsDeps {
  /** Stores a file of the attempt, however long the coordinator or the store are away. */
  upload(request: UploadRequest, file: string): Promise<void>;
}

export type Products = Pick<AttemptReport, 'artifacts' | 'output' | 'not_kept'>;

const SKIPPED_MAX = 1000;
const WHY_MAX = 1000;

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Uploads what an attempt has left behind, and answers what the report says of it. */
export async function uploadProducts(
  { upload }: UploadProductsDeps,
  { task, attempt, lease, spec }: ClaimedTask,
  { scratch, outputBytes }: { scratch: Scratch; outputBytes: number },
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
    }
  };
  const keep = async (kind: ArtifactKind, dir: string): Promise<void> => {
    const file = path.join(scratch.dir, `${kind}.tar.gz`);
    const packed = await packFolder(dir, file);
    if (!packed) return;
    await store(kind, file, packed);
    await rm(file, { force: true });
    const skipped = packed.skipped.slice(0, SKIPPED_MAX).map(({ path: name, why }) => ({ path: name, why }));
    artifacts.push({ kind, size_bytes: packed.sizeBytes, sha256: packed.sha256, skipped });
  };
  let output: ReportedOutput | null = null;
  const keepOutput = async (): Promise<void> => {
    if (outputBytes === 0) return;
    if (outputBytes <= INLINE_OUTPUT_BYTES) {
      output = { stored: 'inline', frames_base64: (await readFile(scratch.spoolPath)).toString('base64') };
      return;
    }
    const packed = { sizeBytes: outputBytes, sha256: await sha256Of(scratch.spoolPath) };
    await store('output', scratch.spoolPath, packed);
    output = { stored: 'object', size_bytes: packed.sizeBytes, sha256: packed.sha256 };
  };

  await orSay('result', () => keep('result', scratch.resultDir));
  // A program has its working folder in memory.
  if (!spec.wasm) await orSay('exec-log', () => keep('exec-log', scratch.execDir));
  if (spec.terminal && outputBytes > 0) await orSay('std-log', async () => keep('std-log', await splitOutput(scratch)));
  await orSay('output', keepOutput);
  return { artifacts, output, not_kept: notKept };
}

/** Why a product is not kept: what is no fault of the attempt (it was taken away) is thrown on. */
function reasonOf(error: unknown): string {
  const isOurs = !(error instanceof MitoError) || error.code === 'stale_attempt';
  if (isOurs) throw error;
  return cutText(error.message, WHY_MAX);
}
