import { open, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fromFirstCharacter } from '@mitosis/domain';

const TAIL_BYTES = 1_048_576;
const LOOK_MS = 200;

interface Position {
  readonly inode: number;
  readonly offset: number;
}

async function readFrom(file: string, offset: number): Promise<{ bytes: Uint8Array; position: Position }> {
  const handle = await open(file, 'r');
  try {
    const { ino: inode, size } = await handle.stat();
    const begin = Math.min(offset, size);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - begin), 0, size - begin, begin);
    return { bytes: buffer.subarray(0, bytesRead), position: { inode, offset: begin + bytesRead } };
  } finally {
    await handle.close();
  }
}

/**
 * The last `lines` lines of a file, and with `follow` what is added
 * to it, also after it was set aside. Nothing when there is no file.
 */
export async function* tailFile(
  file: string,
  lines: number,
  follow: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!found) return;
  const { bytes, position: first } = await readFrom(file, Math.max(found.size - TAIL_BYTES, 0));
  // lossy: what a process has printed, for a person
  let decoder = new TextDecoder();
  const text = decoder.decode(fromFirstCharacter(bytes), { stream: true });
  const kept = lines === 0 ? [] : text.split('\n').filter(Boolean).slice(-lines);
  if (kept.length > 0) yield `${kept.join('\n')}\n`;
  for (let position = first; follow;) {
    await delay(LOOK_MS, undefined, { signal });
    const now = await stat(file).catch(() => undefined);
    if (!now) continue;
    const isOther = now.ino !== position.inode || now.size < position.offset;
    if (!isOther && now.size === position.offset) continue;
    const more = await readFrom(file, isOther ? 0 : position.offset);
    position = more.position;
    // lossy: what a process has printed, for a person
    if (isOther) decoder = new TextDecoder();
    const added = decoder.decode(more.bytes, { stream: true });
    if (added !== '') yield added;
  }
}
