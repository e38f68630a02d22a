import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
/** No setup takes this long: a lock of this age was left by a machine that went down. */
const STALE_AFTER_MS = 30 * 60_000;

/**
 * Runs `work` while no other process that asks for the lock file `path` does; waits for its turn. `work` gets
 * a function that names another process (group) for which the lock is held: should this one be killed, the
 * lock lasts until that one has ended, too.
 */
export async function withSetupLock(path, work) {
  await mkdir(dirname(path), { recursive: true });
  const note = `${path}.${randomUUID()}`;
  await writeFile(note, String(process.pid), { flag: 'wx' });
  try {
    let told = false;
    while (!(await linked(note, path))) {
      const holder = await holderOf(path);
      if (holder === undefined) continue;
      if (!holder.alive) await removeStale(path, holder.note);
      else {
        if (!told)
          process.stderr.write(`waiting for process ${holder.note.split(' ')[0]}, which is setting up this clone\n`);
        told = true;
        await delay(POLL_MS);
      }
    }
    try {
      // The note and the lock are one file.
      return await work((pid) => writeFile(note, `${process.pid} ${pid}`));
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    await rm(note, { force: true });
  }
}

async function linked(note, path) {
  try {
    await link(note, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function holderOf(path) {
  try {
    const [note, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return {
      note,
      alive:
        Date.now() - mtimeMs < STALE_AFTER_MS &&
        note.split(' ').some((pid, index) => isAlive(index === 0 ? Number(pid) : -Number(pid))),
    };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Moves the lock aside and looks again: what was moved may be somebody's who was quicker, and is put back. */
async function removeStale(path, note) {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== note) await linked(aside, path);
  await rm(aside, { force: true });
}
