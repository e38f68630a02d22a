import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import { FrameDecoder } from '@mitosis/protocol';
import { writeOut } from './write-out.js';

export interface SaveResultOptions {
  /** Written to this stream instead of a file. */
  readonly toStdout?: Writable | undefined;
  /** Chosen from the name and the kind of the result when left out. */
  readonly file?: string | undefined;
  readonly name: string;
  /** What the task has printed on stderr, as it was printed. */
  onRemark(bytes: Uint8Array): void;
}

export interface SavedResult {
  readonly file: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

/** The extension that fits how a result begins. */
export function extensionOf(head: Uint8Array): string {
  const begin = Buffer.from(head).toString('latin1');
  if (begin.startsWith('\x89PNG')) return 'png';
  if (begin.startsWith('\x93NUMPY')) return 'npy';
  if (begin.startsWith('{')) return 'jsonl';
  return 'out';
}

/**
 * Writes what a task has printed on stdout to a file, which
 * appears when it is whole. Throws `task_failed`, `not_written`.
 */
export async function saveResult(
  api: MitosisClient,
  task: string,
  { toStdout, file, name, onRemark }: SaveResultOptions,
): Promise<SavedResult> {
  const draft = path.resolve(`${file === undefined || file === '-' ? `${name}-${task}` : file}.part`);
  const handle = toStdout ? undefined : await openDraft(draft);
  const hash = createHash('sha256');
  let [size, head] = [0, new Uint8Array(0)];
  try {
    for await (const { stream, payload } of printedBy(api, task)) {
      if (stream !== 'stdout') {
        onRemark(payload);
        continue;
      }
      if (size === 0) head = Uint8Array.from(payload.subarray(0, 16));
      size += payload.length;
      hash.update(payload);
      if (handle) await handle.writeFile(payload);
      else if (toStdout && !(await writeOut(toStdout, payload))) break;
    }
  } catch (error) {
    if (handle) await rm(draft, { force: true });
    throw error;
  } finally {
    await handle?.close();
  }
  // parsing: a UUID is ASCII
  const target = file ?? `${name}-${task.slice(-8)}.${extensionOf(head)}`;
  if (handle) await rename(draft, target);
  return { file: target, size_bytes: size, sha256: hash.digest('hex') };
}

/** Shows what the first task of a workload that failed has printed on stderr. */
export async function printFailure(api: MitosisClient, workload: string, stderr: Writable): Promise<void> {
  const failed = (await api.workloads.tasks(workload)).find(({ state }) => state === 'failed');
  if (!failed) return;
  for await (const { stream, payload } of printedBy(api, failed.uuid))
    if (stream !== 'stdout') await writeOut(stderr, payload);
}

async function openDraft(file: string): Promise<FileHandle> {
  return open(file, 'w').catch((cause: Error) => {
    throw new MitoError('invalid', 'not_written', `${file} can't be written: ${cause.message}`, { cause });
  });
}

async function* printedBy(api: MitosisClient, task: string) {
  let decoder = new FrameDecoder();
  let attempt = 0;
  for await (const item of api.followOutput(task)) {
    if (item.type === 'end') return;
    if (item.attempt !== attempt) [attempt, decoder] = [item.attempt, new FrameDecoder()];
    yield* decoder.push(item.frames);
  }
}
