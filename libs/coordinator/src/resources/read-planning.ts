import type { EntityManager } from 'typeorm';
import type { Need, Offer } from '@mitosis/domain';
import { isAlive } from '../kernel/alive-workers.js';
import { servesGroup } from '../kernel/serving.js';
import { readMachines } from './machine-state.js';
import {
  fleetOf,
  shareOf,
  type MachineView,
  type PlacingWorker,
  type Planning,
  type WaitingTask,
} from './plan-placements.js';

/** Tasks of one group that are looked at in a round, and sets of needs of which the first ones are. */
const GROUP_TASKS = 200;
const NEED_SETS = 200;
const SET_TASKS = 20;

const TO_PLACE = `state = 'ready' AND needs IS NOT NULL AND NOT is_held AND NOT is_gated`;

/** True while there may be something to decide: a probe of small indexes. */
export const IS_AT_WORK = `
  SELECT EXISTS (SELECT 1 FROM tasks WHERE ${TO_PLACE}) OR EXISTS (SELECT 1 FROM reservations)
    OR EXISTS (SELECT 1 FROM workers WHERE machine IS NOT NULL AND is_shared AND state = 'active') AS is_at_work`;

/**
 * The first tasks of each group, and the first of each set of needs: a thousand that wait for a device must not hide
 * the one behind them that needs none. Both are found by skipping through an index; the time does not grow with the
 * number of tasks that wait.
 */
const WAITING = `
  WITH RECURSIVE owners AS (
    (SELECT group_id FROM tasks WHERE ${TO_PLACE} ORDER BY group_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.group_id FROM tasks t WHERE ${TO_PLACE} AND t.group_id > p.group_id ORDER BY t.group_id LIMIT 1)
    FROM owners p WHERE p.group_id IS NOT NULL
  ), sets AS (
    (SELECT group_id, md5(needs::text) AS hash, 1 AS place FROM tasks
      WHERE ${TO_PLACE} ORDER BY group_id, md5(needs::text) LIMIT 1)
    UNION ALL
    SELECT n.group_id, n.hash, s.place + 1 FROM sets s CROSS JOIN LATERAL (
      SELECT t.group_id, md5(t.needs::text) AS hash FROM tasks t
      WHERE ${TO_PLACE} AND (t.group_id, md5(t.needs::text)) > (s.group_id, s.hash)
      ORDER BY t.group_id, md5(t.needs::text) LIMIT 1) n
    WHERE s.place < ${NEED_SETS}
  ), found AS (
    SELECT f.id FROM owners p CROSS JOIN LATERAL (
      SELECT id FROM tasks t WHERE ${TO_PLACE} AND t.group_id = p.group_id ORDER BY priority DESC, seq
      LIMIT ${GROUP_TASKS}) f
    WHERE p.group_id IS NOT NULL
    UNION
    SELECT f.id FROM sets s CROSS JOIN LATERAL (
      SELECT id FROM tasks t WHERE ${TO_PLACE} AND t.group_id = s.group_id AND md5(t.needs::text) = s.hash
      ORDER BY priority DESC, seq LIMIT ${SET_TASKS}) f
    UNION
    SELECT task_id FROM reservations
  )
  SELECT t.id, t.group_id AS "group", t.creator_id AS creator, t.priority, t.seq::float8 AS seq, t.tags,
    t.spec ? 'wasm' AS "isProgram", t.avoid_worker_id AS "avoidWorker", t.needs, t.timeout_ms::float8 AS "timeoutMs",
    extract(epoch FROM greatest(t.created_at, t.not_before))::float8 * 1000 AS since
  FROM found f JOIN tasks t ON t.id = f.id AND t.state = 'ready'
  JOIN groups g ON g.id = t.group_id AND g.state = 'active' AND g.suspended_at IS NULL
  LEFT JOIN jobs j ON j.id = t.job_id WHERE j.suspended_at IS NULL`;

const WORKERS = `
  SELECT w.id, w.machine, w.offer, w.tags, w.takes, w.only_kind AS "onlyKind", w.wanted = 'run'
  AND w.trouble IS NULL AS "isTaking",
    w.slots - (SELECT count(*)::int FROM attempts a WHERE a.worker_id = w.id AND a.ended_at IS NULL) AS "freeSlots",
    ARRAY(SELECT s.group_id::text FROM worker_groups s WHERE s.worker_id = w.id AND ${servesGroup('s')}) AS groups
  FROM workers w WHERE w.machine IS NOT NULL AND w.offer IS NOT NULL AND ${isAlive('w', '$1')} ORDER BY w.id
  LIMIT 1000`;

const RESERVED = `
  SELECT r.worker_id AS worker, r.task_id AS task, w.machine, t.needs,
    extract(epoch FROM r.since)::float8 * 1000 AS since
  FROM reservations r JOIN workers w ON w.id = r.worker_id JOIN tasks t ON t.id = r.task_id`;

const SHARES = `
  SELECT t.group_id AS "group", h.assigned FROM holdings h JOIN tasks t ON t.id = h.task_id`;

interface WorkerRow extends Omit<PlacingWorker, 'groups'> {
  readonly offer: Offer;
  readonly groups: string[];
  readonly isTaking: boolean;
}

interface ReservedRow {
  readonly worker: string;
  readonly task: string;
  readonly machine: string | null;
  readonly needs: Need[];
  readonly since: number;
}

/** What a round of placing decides from, as it is at one moment. */
export interface Seen extends Omit<Planning, 'reserveAfterMs'> {
  /** Also those that take nothing now: they are told whether their machine has room. */
  readonly offering: readonly PlacingWorker[];
  readonly stored: readonly ReservedRow[];
}

function sharesOf(
  rows: readonly { readonly group: string; readonly assigned: Parameters<typeof shareOf>[0] }[],
  workers: readonly PlacingWorker[],
): Map<string, number> {
  const fleet = fleetOf(workers);
  const shares = new Map<string, number>();
  for (const { group, assigned } of rows) shares.set(group, (shares.get(group) ?? 0) + shareOf(assigned, fleet));
  return shares;
}

/** Reads it all; `tx` sees one snapshot. */
export async function readPlanning(tx: EntityManager, silentMs: number): Promise<Seen> {
  const tasks = (await tx.query(WAITING)) as WaitingTask[];
  const rows = (await tx.query(WORKERS, [silentMs])) as WorkerRow[];
  const stored = (await tx.query(RESERVED)) as ReservedRow[];
  const [{ now }] = (await tx.query('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now')) as [
    { now: number },
  ];
  const offering = rows.map(({ isTaking, groups, ...worker }) => ({
    ...worker,
    isTaking,
    groups: new Set(groups),
  }));
  const workers = offering.filter(({ isTaking }) => isTaking);
  const names = [...new Set(rows.map(({ machine }) => machine))];
  const states = await readMachines(tx, names);
  const machines = new Map<string, MachineView>(
    names.map((machine) => {
      const row = stored.find((one) => one.machine === machine);
      const reserved = row && { task: row.task, worker: row.worker, needs: row.needs, since: row.since };
      return [machine, { running: states.get(machine)?.running ?? [], reserved }];
    }),
  );
  const shares = sharesOf((await tx.query(SHARES)) as Parameters<typeof sharesOf>[0], offering);
  return { tasks, workers, machines, shares, now, offering, stored };
}
