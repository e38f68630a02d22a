import { randomUUID } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { readPieces, withTaskFile, type Scratch } from '@mitosis/executor';
import { FrameDecoder } from '@mitosis/protocol';

/**
 * Writes what the task printed as `stdout.log` and `stderr.log` into a folder of its own, which it
 * returns. Remarks of the platform go to `stderr.log`.
 */
export async function splitOutput(scratch: Scratch): Promise<string> {
  // A name that the task could not know: what it has put in place is not written to.
  const dir = path.join(scratch.dir, `std-log-${randomUUID()}`);
  await mkdir(dir, { mode: 0o700 });
  const stdout = await open(path.join(dir, 'stdout.log'), 'wx');
  const stderr = await open(path.join(dir, 'stderr.log'), 'wx');
  try {
    const decoder = new FrameDecoder();
    await withTaskFile(scratch.spoolPath, async (spool, sizeBytes) => {
      for await (const chunk of readPieces(spool, 0, sizeBytes)) {
        for (const { stream, payload } of decoder.push(chunk)) {
          await (stream === 'stdout' ? stdout : stderr).write(payload);
        }
      }
    });
  } finally {
    await stdout.close();
    await stderr.close();
  }
  return dir;
}
