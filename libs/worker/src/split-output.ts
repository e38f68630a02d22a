import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import type { Scratch } from '@mitosis/executor';
import { FrameDecoder } from '@mitosis/protocol';

/**
 * Writes what the task printed as `stdout.log` and `stderr.log` into a folder of its own, which it
 * answers. Remarks of the platform go to `stderr.log`.
 */
export async function splitOutput(scratch: Scratch): Promise<string> {
  const dir = path.join(scratch.dir, 'std-log');
  await mkdir(dir, { mode: 0o700 });
  const stdout = await open(path.join(dir, 'stdout.log'), 'w');
  const stderr = await open(path.join(dir, 'stderr.log'), 'w');
  try {
    const decoder = new FrameDecoder();
    for await (const chunk of createReadStream(scratch.spoolPath)) {
      for (const { stream, payload } of decoder.push(chunk as Buffer)) {
        await (stream === 'stdout' ? stdout : stderr).write(payload);
      }
    }
  } finally {
    await stdout.close();
    await stderr.close();
  }
  return dir;
}
