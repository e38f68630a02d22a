import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './process-identity.js';

/** With files of 10 MB (`log_rotation_size`) the log stays near 50 MB. */
const FILES_KEPT = 5;
const TAIL_BYTES = 4096;

/** Removes all but the newest log files. */
export async function pruneLogs(logDir: string): Promise<void> {
  const names = await logFiles(logDir);
  for (const name of names.slice(0, -FILES_KEPT)) await rm(join(logDir, name), { force: true });
}

/** The last lines the server logged, for an error message. */
export async function logTail(logDir: string): Promise<string> {
  const newest = (await logFiles(logDir)).at(-1);
  if (newest === undefined) return '';
  const file = await open(join(logDir, newest), 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, Math.max(0, size - TAIL_BYTES));
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Oldest first: the names carry the time. */
async function logFiles(logDir: string): Promise<string[]> {
  try {
    return (await readdir(logDir)).filter((name) => name.startsWith('postgres-')).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
