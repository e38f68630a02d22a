import type { DataSource, EntityManager } from 'typeorm';
import { DEFAULT_CPUS, looseRoom, usageOf, type Log, type RunningHold, type Service } from '@mitosis/domain';
import type { ToWorker } from '@mitosis/protocol';
import { Rounds } from '../kernel/rounds.js';
import { planPlacements, type MachineView, type Placement, type Plan } from './plan-placements.js';
import { IS_AT_WORK, readPlanning, type Seen } from './read-planning.js';

export interface PlacerOptions {
  /** Connections whose commits need not reach the disk. */
  readonly hints: DataSource;
  readonly log: Log;
  readonly silentMs: number;
  /** A task that has waited for so long gets a machine that is kept free for it. */
  readonly reserveAfterMs: number;
  /** Sends to the worker, wherever it is connected. */
  tell(workerId: string, message: ToWorker): void;
}

/** A safety net: each change that matters wakes the placer. */
const TICK_MS = 1_000;
/** Calls that come together are one round. */
const SPACING_MS = 15;
/** A worker that was told to claim a task and has not done so by then has not heard it. */
const HEARD_MS = 3_000;
/** While a machine is full its workers are told again: they continue by themselves when they hear nothing. */
const FULL_AGAIN_MS = 2_000;

interface Told extends Placement {
  readonly at: number;
}

/** What tells apart the lock of this part. */
const LOCK = `SELECT pg_try_advisory_xact_lock(hashtextextended('placer', 19)) AS is_mine`;

const RESERVE = `
  INSERT INTO reservations (worker_id, task_id)
  SELECT worker, task FROM jsonb_to_recordset($1::jsonb) AS r(worker uuid, task uuid) ON CONFLICT DO NOTHING`;

/** From now on every claim on the machine is decided under its lock. */
const SHARE = `
  UPDATE workers w SET is_shared = true FROM workers k
  WHERE k.id = ANY ($1::uuid[]) AND w.machine = k.machine AND NOT w.is_shared`;

/**
 * Tells workers which tasks with needs to claim. It decides nothing: the claim does, under the lock of the machine.
 * What it has told is remembered for seconds only, so a round that is lost costs seconds. One replica at a time does a
 * round. Reservations are stored, so that the next replica keeps them.
 */
export class Placer implements Service {
  private readonly told = new Map<string, Told>();
  private readonly full = new Map<string, number>();
  private readonly rounds: Rounds;

  constructor(private readonly options: PlacerOptions) {
    const { log } = options;
    this.rounds = new Rounds({ work: () => this.run(), what: 'placing tasks', log, restMs: SPACING_MS });
  }

  start(): Promise<void> {
    return this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** Something may have changed that decides where tasks go. */
  wake(): void {
    this.rounds.wake();
  }

  /** A worker had no room for these after all. */
  refused(workerId: string, tasks: readonly string[]): void {
    for (const task of tasks) this.told.delete(task);
    // Nothing is held there that would fit: it is to wait for news.
    this.tellFull(workerId, true);
    this.wake();
  }

  private async run(): Promise<number> {
    const { hints } = this.options;
    const [{ is_at_work: isAtWork }] = (await hints.query(IS_AT_WORK)) as [{ is_at_work: boolean }];
    if (!isAtWork && this.full.size === 0) return TICK_MS;
    const plan = await hints.transaction('REPEATABLE READ', (tx) => this.plan(tx));
    if (plan) this.tellAll(plan.placements);
    return TICK_MS;
  }

  private async plan(tx: EntityManager): Promise<Plan | undefined> {
    const [{ is_mine: isMine }] = (await tx.query(LOCK)) as [{ is_mine: boolean }];
    if (!isMine) return undefined;
    const seen = this.withTold(await readPlanning(tx, this.options.silentMs));
    const plan = planPlacements({ ...seen, reserveAfterMs: this.options.reserveAfterMs });
    await this.storeReservations(tx, seen, plan);
    this.tellRoom(seen, plan);
    return plan;
  }

  /** What workers were told to claim is as good as claimed, for a moment. */
  private withTold(seen: Seen): Seen {
    const waiting = new Set(seen.tasks.map(({ id }) => id));
    const before = Date.now() - HEARD_MS;
    for (const [task, { at }] of this.told) if (at < before || !waiting.has(task)) this.told.delete(task);
    const told = [...this.told.values()];
    const machineOf = new Map(seen.workers.map(({ id, machine }) => [id, machine]));
    const holdOf = ({ assigned, task }: Told): RunningHold => ({
      assigned,
      startedAt: seen.now,
      endsAt: task.timeoutMs === null ? Infinity : seen.now + task.timeoutMs,
    });
    const withHolds = (machine: string, view: MachineView): MachineView => {
      const holds = told.filter(({ worker }) => machineOf.get(worker) === machine).map(holdOf);
      return { ...view, running: [...view.running, ...holds] };
    };
    return {
      ...seen,
      tasks: seen.tasks.filter(({ id }) => !this.told.has(id)),
      workers: seen.workers.map((worker) => ({
        ...worker,
        freeSlots: worker.freeSlots - told.filter((one) => one.worker === worker.id).length,
      })),
      machines: new Map([...seen.machines].map(([machine, view]) => [machine, withHolds(machine, view)])),
    };
  }

  private async storeReservations(tx: EntityManager, { stored }: Seen, { reservations }: Plan): Promise<void> {
    const isSame = (a: { task: string; worker: string }, b: { task: string; worker: string }): boolean =>
      a.task === b.task && a.worker === b.worker;
    const over = stored.filter((old) => !this.told.has(old.task) && !reservations.some((kept) => isSame(old, kept)));
    const fresh = reservations.filter((kept) => !stored.some((old) => isSame(old, kept)));
    if (over.length > 0)
      await tx.query('DELETE FROM reservations WHERE task_id = ANY ($1)', [over.map(({ task }) => task)]);
    if (fresh.length === 0) return;
    await tx.query(RESERVE, [JSON.stringify(fresh)]);
    await tx.query(SHARE, [fresh.map(({ worker }) => worker)]);
    this.options.log.info({ reservations: fresh }, 'keeping machines free for tasks that have waited for long');
  }

  private tellRoom({ offering, machines }: Seen, { reservations }: Plan): void {
    const machineOf = new Map(offering.map(({ id, machine }) => [id, machine]));
    const kept = new Set(reservations.map(({ worker }) => machineOf.get(worker)));
    for (const { id, machine, offer } of offering) {
      const running = machines.get(machine)?.running ?? [];
      const isHeld = running.some(({ assigned }) => assigned !== null);
      const isFull = kept.has(machine) || (isHeld && looseRoom(offer, usageOf(running, DEFAULT_CPUS)) < DEFAULT_CPUS);
      this.tellFull(id, isFull);
    }
  }

  private tellFull(worker: string, isFull: boolean): void {
    const last = this.full.get(worker);
    if (isFull ? last !== undefined && Date.now() - last < FULL_AGAIN_MS : last === undefined) return;
    if (isFull) this.full.set(worker, Date.now());
    else this.full.delete(worker);
    this.options.tell(worker, { type: 'room', is_full: isFull });
  }

  private tellAll(placements: readonly Placement[]): void {
    const byWorker = new Map<string, { task: string; priority: number }[]>();
    for (const placement of placements) {
      const { worker, task } = placement;
      this.told.set(task.id, { ...placement, at: Date.now() });
      byWorker.set(worker, [...(byWorker.get(worker) ?? []), { task: task.id, priority: task.priority }]);
    }
    for (const [worker, tasks] of byWorker) this.options.tell(worker, { type: 'place', tasks });
  }
}
