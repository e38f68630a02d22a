import {
  assign,
  DEFAULT_CPUS,
  GPU_WHOLE,
  maySlipIn,
  tagsMatch,
  UNUSED,
  usageOf,
  type Assignment,
  type Need,
  type Offer,
  type ReservedFor,
  type RunningHold,
  type Takes,
} from '@mitosis/domain';

/** A ready task that needs something of a machine. */
export interface WaitingTask {
  readonly id: string;
  readonly group: string;
  readonly creator: string;
  readonly priority: number;
  /** Smaller is older. */
  readonly seq: number;
  readonly tags: readonly string[];
  readonly isProgram: boolean;
  readonly avoidWorker: string | null;
  readonly needs: readonly Need[];
  readonly timeoutMs: number | null;
  /** Since when it could start. */
  readonly since: number;
}

/** A live worker that takes tasks. */
export interface PlacingWorker {
  readonly id: string;
  readonly machine: string;
  readonly offer: Offer;
  readonly tags: readonly string[];
  readonly takes: Takes;
  readonly onlyKind: 'wasm' | null;
  readonly groups: ReadonlySet<string>;
  readonly freeSlots: number;
}

export interface MachineView {
  readonly running: readonly RunningHold[];
  readonly reserved: (ReservedFor & { readonly worker: string }) | undefined;
}

export interface Planning {
  readonly tasks: readonly WaitingTask[];
  readonly workers: readonly PlacingWorker[];
  readonly machines: ReadonlyMap<string, MachineView>;
  /** By group: what its running tasks hold, as a share of all that there is. */
  readonly shares: ReadonlyMap<string, number>;
  readonly now: number;
  /** A task that has waited for so long gets a machine that is kept free for it. */
  readonly reserveAfterMs: number;
}

export interface Placement {
  readonly task: WaitingTask;
  readonly worker: string;
  readonly assigned: Assignment;
}

export interface Plan {
  readonly placements: readonly Placement[];
  /** All reservations that there are to be; others end. */
  readonly reservations: readonly { readonly task: string; readonly worker: string }[];
}

/** True when the worker may run the task at all, whatever it holds now. */
export function isEligible(
  task: Pick<WaitingTask, 'group' | 'tags' | 'isProgram' | 'avoidWorker'>,
  worker: Pick<PlacingWorker, 'id' | 'groups' | 'tags' | 'takes' | 'onlyKind'>,
): boolean {
  const { groups, onlyKind } = worker;
  if (!groups.has(task.group) || task.avoidWorker === worker.id) return false;
  if (onlyKind === 'wasm' && !task.isProgram) return false;
  return tagsMatch(worker, task.tags);
}

/** The largest part of the fleet that an assignment takes, of whatever it takes most. */
export function shareOf(assigned: Assignment, fleet: { readonly cpus: number; readonly gpus: number }): number {
  const thousandths = assigned.gpus.reduce((sum, gpu) => sum + gpu.thousandths, 0);
  return Math.max(assigned.cpus / Math.max(fleet.cpus, 1), thousandths / GPU_WHOLE / Math.max(fleet.gpus, 1));
}

/** What all machines offer together, each counted once. */
export function fleetOf(workers: readonly PlacingWorker[]): { readonly cpus: number; readonly gpus: number } {
  const machines = new Map(workers.map((worker) => [worker.machine, worker.offer]));
  const offers = [...machines.values()];
  return {
    cpus: offers.reduce((sum, { cpus }) => sum + cpus, 0),
    gpus: offers.reduce((sum, { gpus }) => sum + gpus.length, 0),
  };
}

const byOrder = (a: WaitingTask, b: WaitingTask): number => b.priority - a.priority || a.seq - b.seq;

/** One round of placing: it changes its own copy of what is taken. */
class Round {
  private readonly running = new Map<string, RunningHold[]>();
  private readonly slots = new Map<string, number>();
  private readonly shares: Map<string, number>;
  private readonly fleet: { readonly cpus: number; readonly gpus: number };
  readonly placements: Placement[] = [];
  readonly reservations = new Map<string, { readonly task: string; readonly worker: string }>();

  constructor(private readonly planning: Planning) {
    for (const [machine, { running }] of planning.machines) this.running.set(machine, [...running]);
    for (const { id, freeSlots } of planning.workers) this.slots.set(id, freeSlots);
    this.shares = new Map(planning.shares);
    this.fleet = fleetOf(planning.workers);
    this.keepReservations();
  }

  /** Those whose task still waits and whose worker could hold it: the others move, or end. */
  private keepReservations(): void {
    const tasks = new Map(this.planning.tasks.map((task) => [task.id, task]));
    for (const [machine, { reserved }] of this.planning.machines) {
      const task = reserved && tasks.get(reserved.task);
      const worker = this.planning.workers.find(({ id }) => id === reserved?.worker);
      if (!task || !worker || !this.couldHold(task, worker)) continue;
      this.reservations.set(machine, { task: task.id, worker: worker.id });
    }
  }

  private couldHold(task: WaitingTask, worker: PlacingWorker): boolean {
    return isEligible(task, worker) && assign(worker.offer, UNUSED, task.needs).assignment !== undefined;
  }

  /** The group that has the least, and of it the first task. */
  *inOrder(): Generator<WaitingTask> {
    const queues = new Map<string, WaitingTask[]>();
    for (const task of this.planning.tasks.toSorted(byOrder))
      queues.set(task.group, [...(queues.get(task.group) ?? []), task]);
    while (queues.size > 0) {
      const [group = ''] = [...queues.keys()].toSorted((a, b) => (this.shares.get(a) ?? 0) - (this.shares.get(b) ?? 0));
      const task = queues.get(group)?.shift();
      if (task) yield task;
      else queues.delete(group);
    }
  }

  private reservedOn(machine: string): (ReservedFor & { readonly worker: string }) | undefined {
    const kept = this.reservations.get(machine);
    if (!kept) return undefined;
    const stored = this.planning.machines.get(machine)?.reserved;
    if (stored?.task === kept.task) return stored;
    const task = this.planning.tasks.find(({ id }) => id === kept.task);
    return task && { task: task.id, needs: task.needs, since: this.planning.now, worker: kept.worker };
  }

  private fitOn(task: WaitingTask, worker: PlacingWorker): Assignment | undefined {
    const slots = this.slots.get(worker.id) ?? 0;
    if (slots < 1 || !isEligible(task, worker)) return undefined;
    const { machine, offer } = worker;
    const running = this.running.get(machine) ?? [];
    const { assignment } = assign(offer, usageOf(running, DEFAULT_CPUS), task.needs);
    const reserved = this.reservedOn(machine);
    if (!assignment || !reserved || reserved.task === task.id) return assignment;
    // The slot for the task that it is kept free for.
    if (reserved.worker === worker.id && slots < 2) return undefined;
    const candidate = { assigned: assignment, timeoutMs: task.timeoutMs };
    const { now } = this.planning;
    return maySlipIn({ offer, running, reserved, candidate, now, looseCpus: DEFAULT_CPUS }) ? assignment : undefined;
  }

  /** On the worker that has the least left afterwards, so that large tasks find room. */
  place(task: WaitingTask): boolean {
    const fits = this.planning.workers.flatMap((worker) => {
      const assigned = this.fitOn(task, worker);
      return assigned ? [{ worker, assigned, left: this.leftOn(worker) }] : [];
    });
    const [best] = fits.toSorted(
      (a, b) =>
        a.assigned.alternative - b.assigned.alternative || a.left - b.left || (a.worker.id < b.worker.id ? -1 : 1),
    );
    if (!best) return false;
    const { worker, assigned } = best;
    const { now } = this.planning;
    const endsAt = task.timeoutMs === null ? Infinity : now + task.timeoutMs;
    this.running.get(worker.machine)?.push({ assigned, startedAt: now, endsAt });
    this.slots.set(worker.id, (this.slots.get(worker.id) ?? 0) - 1);
    this.shares.set(task.group, (this.shares.get(task.group) ?? 0) + shareOf(assigned, this.fleet));
    this.placements.push({ task, worker: worker.id, assigned });
    for (const [machine, kept] of this.reservations) if (kept.task === task.id) this.reservations.delete(machine);
    return true;
  }

  /** Devices count most: whoever needs none is to go where there are none. */
  private leftOn({ machine, offer }: PlacingWorker): number {
    const held = (this.running.get(machine) ?? []).flatMap(({ assigned }) => assigned ?? []);
    const cpus = held.reduce((sum, one) => sum + one.cpus, 0);
    const gpus = held.reduce((sum, one) => sum + one.gpus.length, 0);
    return (offer.gpus.length - gpus) * 1000 + offer.cpus - cpus;
  }

  /** Keeps a machine free for a task that has waited for long; busy ones are candidates, one reservation for each. */
  reserve(task: WaitingTask): void {
    const { now, reserveAfterMs, workers } = this.planning;
    if (now - task.since < reserveAfterMs) return;
    if ([...this.reservations.values()].some((kept) => kept.task === task.id)) return;
    const candidates = workers.filter(
      (worker) => !this.reservations.has(worker.machine) && this.couldHold(task, worker),
    );
    const [best] = candidates.toSorted((a, b) => this.busyUntil(a) - this.busyUntil(b) || (a.id < b.id ? -1 : 1));
    if (best) this.reservations.set(best.machine, { task: task.id, worker: best.id });
  }

  /** Cores that are taken now stand for the time until they are free, since limits are seldom near it. */
  private busyUntil({ machine }: PlacingWorker): number {
    return (this.running.get(machine) ?? []).reduce((sum, { assigned }) => sum + (assigned?.cpus ?? DEFAULT_CPUS), 0);
  }
}

/**
 * Where waiting tasks go now, and for which of them machines are kept free. Between groups the one that holds the
 * least goes first; inside a group priority, then age. A task that does not fit lets others pass, until it has waited
 * for `reserveAfterMs`: then one machine that could hold it is kept free for it. A task that no machine could ever
 * hold reserves nothing.
 */
export function planPlacements(planning: Planning): Plan {
  const round = new Round(planning);
  for (const task of round.inOrder()) if (!round.place(task)) round.reserve(task);
  return { placements: round.placements, reservations: [...round.reservations.values()] };
}
