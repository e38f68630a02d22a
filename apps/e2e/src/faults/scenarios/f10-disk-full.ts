import { open, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ManagedProcess } from '../managed-process.js';
import type { Scenario } from '../scenario.js';
import type { Site } from '../site.js';
import { underLoad } from '../under-load.js';

const SIZE = '24m';
const FULL_MS = 4_000;
const CHUNK = Buffer.alloc(65_536);

/**
 * Runs a process in a mount namespace of its own, where `folder`
 * is a small disk. Without root a user namespace allows it.
 */
function onSmallDisk(folder: string): readonly string[] {
  const script = 'mkdir -p "$0" && mount -t tmpfs -o size="$1",mode=700 none "$0" && shift && exec "$@"';
  const flags = process.getuid?.() === 0 ? ['-m'] : ['-U', '-r', '-m'];
  return ['unshare', ...flags, 'sh', '-c', script, folder, SIZE];
}

/** Fills the small disk of a process, through its own view of the files, until nothing fits. */
async function fillDisk({ pid }: ManagedProcess, folder: string): Promise<string> {
  const ballast = `/proc/${pid}/root${folder}/ballast`;
  const file = await open(ballast, 'w');
  try {
    for (;;) await file.write(CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
  return ballast;
}

/** Tasks that did not complete and do not say that the disk is full. */
async function unclearEnds({ db }: Site): Promise<{ ends: string[]; failed: string[] }> {
  const { rows } = await db.query<{ id: string; reason: string; message: string | null }>(
    `SELECT id, reason, message FROM tasks WHERE state = 'failed'`,
  );
  const unclear = rows.filter(({ message }) => !/no space left|ENOSPC|disk is full/i.test(message ?? ''));
  return {
    ends: unclear.map(({ reason, message }) => `${reason}: ${message ?? 'no message'}`),
    failed: rows.map(({ id }) => id),
  };
}

/** Attempts of one worker that were good after `since`. */
async function goodSince({ db }: Site, worker: string, since: Date): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM attempts a JOIN workers w ON w.id = a.worker_id
    WHERE w.labels[1] LIKE $1 AND a.outcome = 'exited' AND a.exit_code = 0 AND a.started_at > $2`;
  return (await db.query<{ count: number }>(sql, [`${worker.replace(' ', '-')}.%`, since])).rows[0]?.count ?? 0;
}

/** The disk of one of two workers, and that of the coordinator with its object store, fill up and are freed again. */
export const diskFull: Scenario = {
  id: 'F10',
  title: 'disks full under a worker and under the coordinator',
  backends: { short: ['postgres'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, isFull, tasks = isFull ? 1_000 : 200 }) => {
    let round = 0;
    let freedAt = new Date();
    return underLoad({
      site: {
        backend,
        postgres,
        isVerbose,
        workers: 2,
        slots: 3,
        wrapperOf: (name, dir) =>
          name === 'worker 1'
            ? onSmallDisk(`${dir}/worker-1`)
            : name === 'coordinator 1'
              ? onSmallDisk(`${dir}/state`)
              : undefined,
      },
      tasks,
      minFaults: isFull ? 8 : 2,
      everyMs: 2_000,
      inject: async (site) => {
        round += 1;
        const isWorker = round % 2 === 1;
        const [victim] = isWorker ? site.workers : site.coordinators;
        if (!victim) return;
        site.faults.add(isWorker ? 'disk of a worker full' : 'disk of the coordinator full', victim.name);
        const ballast = await fillDisk(victim, isWorker ? `${site.dir}/worker-1` : `${site.dir}/state`);
        await delay(FULL_MS);
        await rm(ballast);
        freedAt = new Date();
      },
      // The load may have ended while the disk was full: whether the worker is well again is seen on more of it.
      finish: async (_site, load) => {
        // Every second the worker looks whether there is room again.
        await delay(FULL_MS);
        return await load.submitSome(60);
      },
      expect: async (site) => {
        const { ends, failed } = await unclearEnds(site);
        const good = await goodSince(site, 'worker 1', freedAt);
        return {
          mayFail: new Set(failed),
          more: {
            'failed, disk full': failed.length,
            'good afterwards': `${good} attempts on the worker whose disk was full`,
          },
          violations: [...ends, ...(good === 0 ? ['the worker did not recover without a restart'] : [])],
        };
      },
    });
  },
};
