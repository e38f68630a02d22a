import type { DataSource } from 'typeorm';
import {
  assign,
  DEFAULT_CPUS,
  describeNeeds,
  looseRoom,
  UNUSED,
  usageOf,
  type Need,
  type Offer,
} from '@mitosis/domain';
import { readMachines } from './machine-state.js';

interface OfferRow {
  readonly id: string;
  readonly machine: string | null;
  readonly offer: Offer | null;
}

/** What a worker could do for a task, as far as its machine is concerned. */
export interface NeedsVerdict {
  /** `never`: not even an empty machine would do. */
  readonly fits: 'now' | 'later' | 'never';
  /** What is missing, in words; empty when it fits now. */
  readonly missing: string;
}

/** By worker, whether its machine has what a task needs, by the rule that decides the claim. */
export async function explainNeeds(
  dataSource: Pick<DataSource, 'query'>,
  needs: readonly Need[],
  workers: readonly string[],
): Promise<Map<string, NeedsVerdict>> {
  const rows = (await dataSource.query('SELECT id, machine, offer FROM workers WHERE id = ANY ($1)', [
    workers,
  ])) as OfferRow[];
  const machines = [...new Set(rows.flatMap(({ machine }) => machine ?? []))];
  const states = await readMachines(dataSource as never, machines);
  return new Map(
    rows.map(({ id, machine, offer }): [string, NeedsVerdict] => {
      if (machine === null || offer === null) {
        if (needs.length === 0) return [id, { fits: 'now', missing: '' }];
        return [id, { fits: 'never', missing: 'it does not say what its machine has' }];
      }
      const { running, reserved } = states.get(machine) ?? { running: [], reserved: undefined };
      const usage = usageOf(running, DEFAULT_CPUS);
      const kept = reserved === undefined ? '' : `; it is kept free for the task ${reserved.task}`;
      if (needs.length === 0) {
        const isHeld = running.some(({ assigned }) => assigned !== null);
        const isFull = isHeld && looseRoom(offer, usage) < DEFAULT_CPUS;
        return [
          id,
          isFull || reserved ? { fits: 'later', missing: `no core is free${kept}` } : { fits: 'now', missing: '' },
        ];
      }
      const ever = assign(offer, UNUSED, needs);
      if (ever.missing)
        return [
          id,
          { fits: 'never', missing: `it offers less than ${describeNeeds(needs)} (${ever.missing.join('; ')})` },
        ];
      const now = assign(offer, usage, needs);
      return [
        id,
        now.missing ? { fits: 'later', missing: `${now.missing.join('; ')}${kept}` } : { fits: 'now', missing: '' },
      ];
    }),
  );
}
