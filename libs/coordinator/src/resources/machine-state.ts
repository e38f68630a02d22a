import type { EntityManager } from 'typeorm';
import type { Assignment, Need, Offer, ReservedFor, RunningHold } from '@mitosis/domain';

/** What runs on machines, and for which tasks they are kept free. */
export interface MachineState {
  readonly running: readonly RunningHold[];
  readonly reserved: ReservedFor | undefined;
}

interface HoldRow {
  readonly machine: string;
  readonly assigned: Assignment | null;
  readonly started_ms: number;
  readonly timeout_ms: string | null;
  readonly is_running: boolean;
}

interface ReservationRow {
  readonly machine: string;
  readonly task: string;
  readonly needs: Need[];
  readonly since_ms: number;
}

/** Of each worker's open attempts and of all that is held: what was lost is held until nothing of it is left. */
const HOLDS = `
  SELECT w.machine, h.assigned, extract(epoch FROM a.started_at)::float8 * 1000 AS started_ms, t.timeout_ms,
    true AS is_running
  FROM workers w JOIN attempts a ON a.worker_id = w.id AND a.ended_at IS NULL JOIN tasks t ON t.id = a.task_id
  LEFT JOIN holdings h ON h.task_id = a.task_id AND h.attempt = a.number
  WHERE w.machine = ANY ($1)
  UNION ALL
  SELECT h.machine, h.assigned, extract(epoch FROM a.started_at)::float8 * 1000, NULL, false
  FROM holdings h JOIN attempts a ON a.task_id = h.task_id AND a.number = h.attempt
  WHERE h.machine = ANY ($1) AND a.ended_at IS NOT NULL`;

const RESERVATIONS = `
  SELECT w.machine, r.task_id AS task, t.needs, extract(epoch FROM r.since)::float8 * 1000 AS since_ms
  FROM reservations r JOIN workers w ON w.id = r.worker_id JOIN tasks t ON t.id = r.task_id
  WHERE w.machine = ANY ($1) AND t.state = 'ready'`;

function toHold({ assigned, started_ms: startedAt, timeout_ms: timeout, is_running: isRunning }: HoldRow): RunningHold {
  return { assigned, startedAt, endsAt: isRunning && timeout !== null ? startedAt + Number(timeout) : Infinity };
}

/** The state of each of `machines`, by name. */
export async function readMachines(
  db: Pick<EntityManager, 'query'>,
  machines: readonly string[],
): Promise<Map<string, MachineState>> {
  const holds = (await db.query(HOLDS, [machines])) as HoldRow[];
  const reservations = (await db.query(RESERVATIONS, [machines])) as ReservationRow[];
  return new Map(
    machines.map((machine) => {
      const running = holds.filter((row) => row.machine === machine).map(toHold);
      const [first] = reservations.filter((row) => row.machine === machine);
      const reserved = first && { task: first.task, needs: first.needs, since: first.since_ms };
      return [machine, { running, reserved }];
    }),
  );
}

/** What a worker offers, and where it runs; undefined for one that has not said it. */
export interface OfferingWorker {
  readonly machine: string;
  readonly place: string;
  readonly offer: Offer;
}
