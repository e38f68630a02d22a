import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { eventually, tcpProxy, type TcpProxy } from '@mitosis/testing';
import { processesWith } from '../../harness/processes.js';
import { checkRun } from '../check.js';
import { Load } from '../load.js';
import type { ManagedProcess } from '../managed-process.js';
import { QueueDepth } from '../queue-depth.js';
import type { Scenario, ScenarioRun } from '../scenario.js';
import { labelOf, Site } from '../site.js';
import type { Verdict } from '../verdict.js';

const LEASE_MS = 15_000;
const CUT_MS = 2 * LEASE_MS;
/** After the line is mended, whatever a worker still runs of an attempt that it has lost is ended within this time. */
const ZOMBIE_MAX_MS = LEASE_MS + 5_000;
const SLOTS = 2;

interface Victim {
  readonly worker: ManagedProcess;
  readonly proxy: TcpProxy;
}

/**
 * The first attempt outlives its lease: one of two ends while its
 * worker is cut off, the other is running when the line is back.
 */
function lastingTask(site: Site, index: number): SubmitTaskInput {
  const [name = '', value = ''] = site.marker.split('=');
  const first = index % 2 === 0 ? 22 : 90;
  const note = 'echo "$MITO_TASK_UUID $MITO_TASK_ATTEMPT" >> "$EFFECTS"';
  const script = `${note}; [ "$MITO_TASK_ATTEMPT" != 1 ] || sleep ${first}`;
  return { args: ['sh', '-c', script], env: { [name]: value, EFFECTS: site.effectsFile } };
}

async function zombies(site: Site): Promise<number> {
  const pids = await processesWith(site.marker);
  const environs = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));
  return environs.filter((environ) => environ.split('\0').includes('MITO_TASK_ATTEMPT=1')).length;
}

async function countTasks({ db }: Site, where: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM tasks WHERE ${where}`);
  return rows[0]?.count ?? 0;
}

/**
 * Cuts all victims off while they work, has others take their
 * tasks, and mends the lines. Returns how long zombies lived on.
 */
async function oneRound(site: Site, victims: readonly Victim[], load: Load): Promise<number> {
  const count = victims.length * SLOTS;
  await load.submitSome(count);
  await eventually(async () => (await countTasks(site, `state = 'running'`)) === count, {
    message: 'all tasks to run on the victims',
    timeoutMs: 60_000,
  });
  for (const [index, { worker, proxy }] of victims.entries()) {
    site.faults.add(
      index % 2 === 0 ? 'connections reset' : 'connections half open',
      labelOf(worker.name, worker.incarnation),
    );
    proxy.set({ kind: index % 2 === 0 ? 'reset' : 'half-open' });
  }
  const others = site.addWorker({ slots: 4 });
  await others.start();
  await delay(CUT_MS);
  for (const { proxy } of victims) proxy.set({ kind: 'pass' });
  const mendedAt = performance.now();
  await eventually(async () => (await zombies(site)) === 0, { message: 'the end of the zombies', timeoutMs: 60_000 });
  const livedMs = performance.now() - mendedAt;
  await load.settle();
  await others.stop();
  return livedMs;
}

async function cutOff({ backend, postgres, isFull, tasks }: ScenarioRun): Promise<Verdict> {
  const site = await Site.open({ backend, postgres, workers: 0, slots: SLOTS });
  try {
    const victims: Victim[] = [];
    for (let index = 0; index < (isFull ? 20 : 4); index += 1) {
      const proxy = await tcpProxy(site.scope, { port: Number(new URL(site.url).port) });
      victims.push({ proxy, worker: site.addWorker({ url: `http://127.0.0.1:${proxy.port}` }) });
    }
    for (const { worker } of victims) await worker.start();
    const load = new Load(site, {
      tasks: 0,
      minFaults: 0,
      openMax: 0,
      patienceMs: 0,
      make: (index) => lastingTask(site, index),
    });
    const depth = new QueueDepth(site);
    depth.start();
    const rounds = Math.ceil((tasks ?? (isFull ? 400 : 8)) / (victims.length * SLOTS));
    let longestMs = 0;
    for (let round = 0; round < rounds; round += 1)
      longestMs = Math.max(longestMs, await oneRound(site, victims, load));
    depth.stop();
    const injected = victims.reduce((sum, { proxy }) => sum + proxy.injected, 0);
    const violations = [
      ...(longestMs > ZOMBIE_MAX_MS
        ? [`a zombie was there ${Math.round(longestMs)} ms after the line was mended`]
        : []),
      ...(injected === 0 ? ['no connection was harmed'] : []),
    ];
    const more = {
      'connections harmed': injected,
      'zombies gone': `at most ${(longestMs / 1000).toFixed(1)} s after the line was mended`,
    };
    const verdict = await checkRun(site, load, depth, { requeueMaxMs: 20_000, more, violations });
    const needed = isFull ? 100 : 1;
    return verdict.lateTried >= needed
      ? verdict
      : { ...verdict, violations: [...verdict.violations, `only ${verdict.lateTried} late reports were tried`] };
  } finally {
    await site.close();
  }
}

/** Workers lose the coordinator for two leases, by resets or half-open connections, while their tasks run. */
export const workerCutOff: Scenario = {
  id: 'F5',
  title: 'workers cut off from the coordinator for two leases',
  backends: { short: ['redis'], full: ['postgres', 'redis'] },
  run: cutOff,
};
