import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { LimitsInForce, MitoError, type TaskLimits } from '@mitosis/domain';
import { WorkloadPlan, type SubmitWorkload } from '@mitosis/protocol';
import { recordRequest } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { assertRoomInQueue } from '../groups/queue-quota.js';
import { workersServing } from '../groups/worker-queues.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { inTransaction } from '../kernel/transaction.js';
import { assertPrograms } from '../programs/assert-programs.js';
import { ensureQueues, groupFor, insertTasks } from '../tasks/accept-tasks.js';
import { once } from '../tasks/idempotency.js';
import { readySteps, workloadTask, type ResolvedPlan, type WorkloadFrame } from './workload-tasks.js';

/** What the tasks of a workload get when it, its group and the deployment say nothing else. */
export interface WorkloadDefaults {
  readonly sandboxMemoryBytes: number;
}

const TIMEOUT_MS = 600_000;
const RETRIES = 3;

export interface SubmitWorkloadDeps {
  readonly dataSource: DataSource;
  readonly defaults: WorkloadDefaults;
  /** Of the deployment. */
  readonly limits: TaskLimits;
  /** Called after the commit. */
  onAccepted(accepted: { readonly settled: SettledTask[]; readonly newQueueGroups: string[] }): void;
}

interface Stored {
  readonly uuid: string;
  readonly settled: SettledTask[];
  readonly newQueueGroups: string[];
}

function resolve(plan: WorkloadPlan, limits: LimitsInForce, defaults: WorkloadDefaults): ResolvedPlan {
  const { retry_delay_ms = limits.retryDelayMs, memory_limit_bytes = defaults.sandboxMemoryBytes } = plan;
  const timeout_ms = limits.timeLimit(plan.timeout_ms).ms ?? TIMEOUT_MS;
  const retries = plan.retries ?? limits.retriesDefault ?? RETRIES;
  return { ...plan, timeout_ms, retries, retry_delay_ms, memory_limit_bytes };
}

async function assertTwoWorkers(tx: EntityManager, groupId: string): Promise<void> {
  const workers = await workersServing(tx, [groupId]);
  if (workers.length >= 2) return;
  throw new MitoError(
    'conflict',
    'needs_two_workers',
    'comparing the results of two workers needs two that serve the group',
  );
}

async function insert(
  tx: EntityManager,
  actor: UserActor,
  asked: SubmitWorkload,
  { defaults, limits }: Pick<SubmitWorkloadDeps, 'defaults' | 'limits'>,
): Promise<Stored> {
  const { group: groupName = actor.username, name, sha256, params, is_verified: isVerified, ...rest } = asked;
  const group = await groupFor(tx, actor, { name: groupName, kind: 'wasm' });
  await assertPrograms(tx, [{ groupId: group.id, sha256 }]);
  if (isVerified) await assertTwoWorkers(tx, group.id);
  await assertRoomInQueue(tx, group, 1);
  const plan = resolve(WorkloadPlan.parse(rest), new LimitsInForce(group.name, group.limits, limits), defaults);
  const frame: WorkloadFrame = {
    id: uuidv7(),
    group_id: group.id,
    group: group.name,
    creator_id: actor.userId,
    name,
    sha256,
    plan,
  };
  await tx.query(
    `INSERT INTO workloads (id, group_id, creator_id, name, sha256, params, plan, is_verified)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [frame.id, group.id, actor.userId, name, sha256, JSON.stringify(params), JSON.stringify(plan), isVerified],
  );
  const split = workloadTask(frame, {
    step: 'split',
    args: [JSON.stringify({ ...params, max_subtasks: plan.max_subtasks })],
  });
  const newQueueGroups = await ensureQueues(tx, [split]);
  await recordRequest(tx, `workload ${frame.id}`, { group: group.name, name, sha256 });
  await insertTasks(tx, [split]);
  return { uuid: frame.id, newQueueGroups, settled: readySteps([split]) };
}

/**
 * Stores a workload with its first task and returns its uuid; with an idempotency key the same request may be
 * sent any number of times. Throws `group_not_found`, `program_not_found`, `needs_two_workers`, `queued_tasks_quota`.
 */
export function submitWorkloadWith({ dataSource, defaults, limits, onAccepted }: SubmitWorkloadDeps) {
  return async (actor: UserActor, asked: SubmitWorkload, key: string | undefined): Promise<string> => {
    const answerOf = ({ uuid }: Stored): { uuid: string } => ({ uuid });
    const outcome = await inTransaction(dataSource, (tx) =>
      once(
        tx,
        { userId: actor.userId, key, operation: 'a computation', request: asked },
        () => insert(tx, actor, asked, { defaults, limits }),
        answerOf,
      ),
    );
    if ('earlier' in outcome) return (outcome.earlier as { uuid: string }).uuid;
    onAccepted(outcome.result);
    return outcome.result.uuid;
  };
}
