import type { DataSource, EntityManager } from 'typeorm';
import {
  assign,
  DEFAULT_CPUS,
  looseRoom,
  maySlipIn,
  unitsOf,
  usageOf,
  type Assignment,
  type Need,
  type Offer,
  type RunningHold,
} from '@mitosis/domain';
import { inTransaction } from '../kernel/transaction.js';
import { readMachines, type MachineState } from '../resources/machine-state.js';
import { admit, LIMITED, type LimitedTask } from './claim-within-quotas.js';

/** What the claim stores for tasks that were given something: by task what, and the single units of it. */
export interface Placed {
  /** Null for a task that asked for nothing. */
  readonly assignments: Readonly<Record<string, Assignment | null>>;
  readonly units: readonly { readonly task: string; readonly unit: string; readonly thousandths: number }[];
}

export const NOTHING_PLACED: Placed = { assignments: {}, units: [] };

interface TaskRow {
  readonly id: string;
  readonly group_id: string;
  readonly creator_id: string;
  readonly needs: Need[] | null;
  readonly timeout_ms: string | null;
}

interface WorkerRow {
  readonly machine: string | null;
  readonly offer: Offer | null;
  readonly is_shared: boolean;
}

const WORKER = 'SELECT machine, offer, is_shared FROM workers WHERE id = $1';

/** Those that the fast way has left: with needs, or on a machine of which something may be held. */
const OPEN = `
  SELECT t.id, t.group_id, t.creator_id, t.needs, t.timeout_ms FROM tasks t
  WHERE t.id = ANY ($1) AND t.state = 'ready' AND NOT t.is_gated AND ($2 OR t.needs IS NOT NULL)`;

/** Whoever holds this lock decides alone what of the machine is given to whom. */
const LOCK_MACHINE = 'SELECT id FROM workers WHERE machine = $1 ORDER BY id FOR UPDATE';

const LOOSE_CPUS = DEFAULT_CPUS;

interface Deciding {
  readonly offer: Offer;
  readonly state: MachineState;
  readonly now: number;
}

function decide({ offer, state, now }: Deciding, tasks: readonly TaskRow[]): Record<string, Assignment | null> {
  const running: RunningHold[] = [...state.running];
  const { reserved } = state;
  const given: Record<string, Assignment | null> = {};
  for (const { id, needs, timeout_ms: timeout } of tasks) {
    const usage = usageOf(running, LOOSE_CPUS);
    const fit = needs ? assign(offer, usage, needs) : undefined;
    if (fit ? !fit.assignment : looseRoom(offer, usage) < LOOSE_CPUS) continue;
    const assigned = fit?.assignment ?? null;
    const timeoutMs = timeout === null ? null : Number(timeout);
    const candidate = { assigned, timeoutMs };
    const isKept = reserved !== undefined && reserved.task !== id;
    if (isKept && !maySlipIn({ offer, running, reserved, candidate, now, looseCpus: LOOSE_CPUS })) continue;
    given[id] = assigned;
    running.push({ assigned, startedAt: now, endsAt: timeoutMs === null ? Infinity : now + timeoutMs });
  }
  return given;
}

function toPlaced(assignments: Record<string, Assignment | null>): Placed {
  const units = Object.entries(assignments).flatMap(([task, assigned]) =>
    assigned ? unitsOf(assigned).map((unit) => ({ task, ...unit })) : [],
  );
  return { assignments, units };
}

async function decideLocked(tx: EntityManager, worker: string, tasks: readonly string[]): Promise<Placed> {
  const seen = (await tx.query(`${OPEN} ORDER BY t.id FOR UPDATE OF t`, [tasks, true])) as TaskRow[];
  const byId = new Map(seen.map((row) => [row.id, row]));
  const inOrder = tasks.flatMap((id) => byId.get(id) ?? []);
  const [row] = (await tx.query(WORKER, [worker])) as WorkerRow[];
  if (!row) return NOTHING_PLACED;
  const { machine, offer } = row;
  // A worker that offers nothing counts slots only.
  if (machine === null || offer === null)
    return toPlaced(Object.fromEntries(inOrder.filter(({ needs }) => !needs).map(({ id }) => [id, null])));
  await tx.query(LOCK_MACHINE, [machine]);
  const state = (await readMachines(tx, [machine])).get(machine) ?? { running: [], reserved: undefined };
  const [{ now }] = (await tx.query('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now')) as [
    { now: number },
  ];
  const given = decide({ offer, state, now }, inOrder);
  const isHeld = [...state.running.map(({ assigned }) => assigned), ...Object.values(given)].some(Boolean);
  const isShared = isHeld || state.reserved !== undefined;
  await tx.query('UPDATE workers SET is_shared = $2 WHERE machine = $1 AND is_shared <> $2', [machine, isShared]);
  return toPlaced(given);
}

/** Groups with a limit of running tasks that still have room; their claims come one after the other. */
async function withinTaskQuotas(
  tx: EntityManager,
  tasks: readonly string[],
): Promise<{ readonly within: readonly string[]; readonly admitted: readonly string[] }> {
  const seen = (await tx.query(LIMITED, [tasks])) as LimitedTask[];
  if (seen.length === 0) return { within: tasks, admitted: [] };
  const groups = [...new Set(seen.map(({ group_id: group }) => group))];
  await tx.query('SELECT 1 FROM groups WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE', [groups]);
  const limited = (await tx.query(LIMITED, [tasks])) as LimitedTask[];
  const admitted = await admit(tx, limited);
  const isOver = new Set(limited.map(({ id }) => id).filter((id) => !admitted.includes(id)));
  return { within: tasks.filter((id) => !isOver.has(id)), admitted };
}

export interface ClaimPlacedOptions {
  readonly dataSource: DataSource;
  readonly workerId: string;
  readonly tasks: readonly string[];
}

/** What became of claims that need a decision about the machine. */
export interface PlacedClaims<T> {
  readonly claimed: T[];
  /** Tasks for which there was no room here. */
  readonly refused: readonly string[];
}

/**
 * Claims that need a decision about the machine: of tasks with needs, and of all tasks while something of the machine
 * is held or kept free. Claims of one machine come one after the other, so that no unit is given twice; what was
 * decided is stored by `claim` in the same transaction.
 */
export async function claimPlaced<T>(
  { dataSource, workerId, tasks }: ClaimPlacedOptions,
  claim: (tx: EntityManager, placed: Placed, admitted: readonly string[]) => Promise<T[]>,
): Promise<PlacedClaims<T>> {
  const none = { claimed: [], refused: [] };
  if (tasks.length === 0) return none;
  const [worker] = (await dataSource.query(WORKER, [workerId])) as WorkerRow[];
  if (!worker) return none;
  const open = (await dataSource.query(OPEN, [tasks, worker.is_shared])) as TaskRow[];
  if (open.length === 0) return none;
  return inTransaction(dataSource, async (tx) => {
    const { within, admitted } = await withinTaskQuotas(
      tx,
      open.map(({ id }) => id),
    );
    const placed = await decideLocked(tx, workerId, within);
    const given = Object.keys(placed.assignments);
    const claimed = given.length === 0 ? [] : await claim(tx, placed, admitted);
    const refused = open.map(({ id }) => id).filter((id) => !given.includes(id));
    if (refused.length > 0)
      await tx.query(`UPDATE tasks SET dispatched_at = NULL WHERE id = ANY ($1) AND state = 'ready'`, [refused]);
    return { claimed, refused };
  });
}
