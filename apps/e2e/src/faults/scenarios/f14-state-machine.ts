import fc from 'fast-check';
import { registerWorker, WorkerClient } from '@mitosis/client';
import { checkRun } from '../check.js';
import { Load } from '../load.js';
import { QueueDepth } from '../queue-depth.js';
import type { Scenario, ScenarioRun } from '../scenario.js';
import { Site } from '../site.js';
import type { Verdict } from '../verdict.js';
import { sequence } from './f14-model.js';
import { Player } from './f14-player.js';

/** Sequences that are played side by side: each waits most of the time for leases to be noticed. */
const SIDE_BY_SIDE = 64;

async function connect({ url, token }: Site): Promise<WorkerClient> {
  const tags = ['modelled'];
  const registration = await registerWorker(url, token, { tags, slots: 1, hostname: 'model', version: '0' });
  return new WorkerClient({ url, token: registration.token });
}

async function playAll({ backend, postgres, isFull, random, tasks }: ScenarioRun): Promise<Verdict> {
  const site = await Site.open({ backend, postgres, workers: 0, slots: 1 });
  try {
    const count = tasks ?? (isFull ? 5_000 : 200);
    const sequences = fc.sample(sequence, { numRuns: count, seed: random.seed });
    const workers = [await connect(site), await connect(site)] as const;
    const load = new Load(site, {
      tasks: 0,
      minFaults: 0,
      openMax: 0,
      patienceMs: 0,
      make: () => ({ args: ['true'] }),
    });
    const depth = new QueueDepth(site);
    const differences: string[] = [];
    const waiting = sequences.entries();
    const playOn = async (): Promise<void> => {
      for (const [index, next] of waiting) {
        const player = new Player(site, workers, next);
        try {
          load.adopt([await player.play()], []);
        } catch (error) {
          differences.push(`sequence ${index}: ${error instanceof Error ? error.message : String(error)}`);
        }
        for (let fault = 0; fault < player.faults; fault += 1)
          site.faults.add('lost reply, lost lease, late or forged report', `sequence ${index}`);
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, playOn));
    const mayFail = new Set(load.submitted);
    const operations = sequences.reduce((sum, { operations: { length } }) => sum + length, 0);
    const more = { sequences: count, operations, 'model differs': differences.length };
    return await checkRun(site, load, depth, { mayFail, more, violations: differences.slice(0, 3) });
  } finally {
    await site.close();
  }
}

/**
 * Random sequences of claims, reports, losses and cancels,
 * through the API: the model and the rows agree after each step.
 */
export const stateMachine: Scenario = {
  id: 'F14',
  title: 'the state machine against its model',
  backends: { short: ['postgres'], full: ['postgres', 'redis'] },
  run: playAll,
};
