import type { MitosisClient } from '@mitosis/client';
import { parseRequirements, tagsMatch } from '@mitosis/domain';
import type { ExpandedJob } from '@mitosis/experiment';
import type { WorkerView } from '@mitosis/protocol';
import { compareJob, type ComparedJob, type KnownTask } from './compare-job.js';
import type { LoadedExperiment } from './load-experiment.js';

/** Something without which a job can't run. */
export type Missing =
  | { readonly kind: 'input'; readonly job: string; readonly key: string }
  | { readonly kind: 'worker'; readonly job: string; readonly tags: readonly string[] }
  | { readonly kind: 'quota'; readonly queued_tasks_max: number; readonly waiting: number; readonly tasks: number };

export interface PlannedJob {
  readonly name: string;
  readonly uuid: string | null;
  readonly tasks: number;
  readonly created: number;
  readonly unchanged: number;
  readonly changed: number;
  readonly orphaned: number;
  /** The first few of these, by their parameters. */
  readonly changed_params: readonly Readonly<Record<string, unknown>>[];
  readonly orphaned_params: readonly Readonly<Record<string, unknown>>[];
  /** Hosts of workers that could take its tasks, and how many tasks they run at a time. */
  readonly workers: readonly string[];
  readonly slots: number;
  /** Of tasks that completed earlier, their mean; null when none did. */
  readonly task_ms: number | null;
}

/** What applying a file would do. Nothing is stored for it. */
export interface Plan {
  readonly tasks: number;
  readonly jobs: readonly PlannedJob[];
  readonly missing: readonly Missing[];
  /** Null when it can't be told: no worker can take them, or no earlier run is known. */
  readonly starts_in_ms: number | null;
  readonly ends_in_ms: number | null;
  /** Of what would be created: null without an earlier run. */
  readonly cost: { readonly task_hours: number; readonly core_hours: number } | null;
}

const SHOWN = 10;

/** Parameters that earlier tasks have by name tell the changed ones apart. */
const paramsOf = (tasks: readonly { readonly params?: Readonly<Record<string, unknown>> | undefined }[]) =>
  tasks.slice(0, SHOWN).map(({ params }) => params ?? {});

function meanWall(known: readonly KnownTask[]): number | null {
  const walls = known.flatMap(({ wall_ms: wall }) => wall ?? []);
  return walls.length === 0 ? null : walls.reduce((sum, wall) => sum + wall, 0) / walls.length;
}

async function workersOf(api: MitosisClient): Promise<WorkerView[]> {
  const { workers } = await api.access.workers({ limit: 1000 });
  return workers.filter(({ is_alive: isAlive, wanted }) => isAlive && wanted === 'run');
}

/** The workers that serve the group and have the tags of the job's tasks. */
function takersOf({ tasks }: ExpandedJob, group: string, workers: readonly WorkerView[]): WorkerView[] {
  const [{ tags = [] } = { tags: [] }] = tasks;
  return workers.filter(
    (worker) => ['write', 'admin'].includes(worker.groups[group] ?? '') && tagsMatch(worker, parseRequirements(tags)),
  );
}

function planJob(compared: ComparedJob, takers: readonly WorkerView[]): PlannedJob {
  const { job, uuid, created, unchanged, changed, orphaned, known } = compared;
  return {
    name: job.name,
    uuid: uuid ?? null,
    tasks: job.tasks.length,
    created: created.length,
    unchanged: unchanged.length,
    changed: changed.length,
    orphaned: orphaned.length,
    changed_params: paramsOf(changed.map(({ task }) => task)),
    orphaned_params: paramsOf(orphaned),
    workers: [...new Set(takers.map(({ hostname }) => hostname))],
    slots: takers.reduce((sum, { slots }) => sum + slots, 0),
    task_ms: meanWall(known),
  };
}

async function quotaOf(api: MitosisClient, group: string, tasks: number): Promise<Missing[]> {
  const { queued_tasks_max: max } = await api.access.group(group);
  if (max === null || tasks === 0) return [];
  const waiting = await api.countTasks({ group, state: ['pending', 'ready'] });
  return waiting + tasks > max ? [{ kind: 'quota', queued_tasks_max: max, waiting, tasks }] : [];
}

/**
 * When the first task would start and the last end: what waits in the group goes first, all slots work all the time.
 */
function timesOf(
  jobs: readonly PlannedJob[],
  { waiting, busy }: { readonly waiting: number; readonly busy: number },
): Pick<Plan, 'starts_in_ms' | 'ends_in_ms'> {
  const slots = Math.max(0, ...jobs.map((job) => job.slots));
  const open = jobs.filter(({ created }) => created > 0);
  if (open.length === 0) return { starts_in_ms: 0, ends_in_ms: 0 };
  if (slots === 0 || open.some((job) => job.slots === 0)) return { starts_in_ms: null, ends_in_ms: null };
  const known = open.flatMap(({ task_ms: ms }) => ms ?? []);
  const mean = known.length === 0 ? null : known.reduce((sum, ms) => sum + ms, 0) / known.length;
  const ahead = waiting + Math.max(busy - slots + 1, 0);
  const starts = ahead === 0 ? 0 : mean === null ? null : (ahead * mean) / slots;
  const work = open.map(({ created, task_ms: ms, slots: own }) => (ms === null ? null : Math.ceil(created / own) * ms));
  const isKnown = starts !== null && work.every((ms) => ms !== null);
  return { starts_in_ms: starts, ends_in_ms: isKnown ? work.reduce((sum, ms) => sum + ms, starts) : null };
}

function costOf(compared: readonly ComparedJob[], jobs: readonly PlannedJob[]): Plan['cost'] {
  const costs = compared.flatMap(({ created }, place) => {
    const ms = jobs[place]?.task_ms ?? null;
    if (created.length === 0) return [];
    const cores = created.reduce((sum, { task }) => sum + Math.max(task.needs?.[0]?.cpus ?? 1, 0), 0);
    return [
      ms === null ? null : { task_hours: (created.length * ms) / 3_600_000, core_hours: (cores * ms) / 3_600_000 },
    ];
  });
  if (costs.some((cost) => cost === null)) return null;
  return costs.reduce<NonNullable<Plan['cost']>>(
    (sum, cost) => ({
      task_hours: sum.task_hours + (cost?.task_hours ?? 0),
      core_hours: sum.core_hours + (cost?.core_hours ?? 0),
    }),
    { task_hours: 0, core_hours: 0 },
  );
}

/** What applying an experiment would do, judged from the workers that are there and from earlier runs. */
export async function planExperiment(
  api: MitosisClient,
  group: string,
  { experiment }: LoadedExperiment,
): Promise<Plan> {
  const compared: ComparedJob[] = [];
  for (const job of experiment.jobs) compared.push(await compareJob(api, group, job));
  const workers = await workersOf(api);
  const takers = compared.map(({ job }) => takersOf(job, group, workers));
  const jobs = compared.map((one, place) => planJob(one, takers[place] ?? []));
  const created = jobs.reduce((sum, job) => sum + job.created, 0);
  const missing: Missing[] = [
    ...compared.flatMap(({ job, missingInputs }) =>
      missingInputs.map((key) => ({ kind: 'input' as const, job: job.key, key })),
    ),
    ...compared.flatMap(({ job }, place) =>
      (jobs[place]?.slots ?? 0) > 0 ? [] : [{ kind: 'worker' as const, job: job.key, tags: job.tasks[0]?.tags ?? [] }],
    ),
    ...(await quotaOf(api, group, created)),
  ];
  const [waiting, busy] = [
    await api.countTasks({ group, state: ['ready'] }),
    await api.countTasks({ group, state: ['running'] }),
  ];
  return {
    tasks: jobs.reduce((sum, { tasks }) => sum + tasks, 0),
    jobs,
    missing,
    ...timesOf(jobs, { waiting, busy }),
    cost: costOf(compared, jobs),
  };
}
