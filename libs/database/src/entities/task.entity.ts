import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { FailureReason, RequeueOn, TaskState, WorkloadStep } from '@mitosis/domain';

/** `bigint` columns come from the driver as decimal strings. */
@Entity('tasks')
export class Task {
  /** UUID version 7: its order is that of creation. */
  @PrimaryColumn('uuid')
  id!: string;

  /** Age: smaller is older. */
  @Column({ type: 'bigint', insert: false, update: false })
  seq!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  @Column('text')
  queue!: string;

  @Column('text')
  name!: string;

  @Column('text')
  state!: TaskState;

  /** A `TaskSpec` of the protocol library. */
  /** Who is told of it; null in a job. */
  @Column('jsonb', { nullable: true })
  notify!: object | null;

  @Column('jsonb')
  spec!: object;

  @Column('text', { array: true })
  tags!: string[];

  @Column('text', { array: true })
  labels!: string[];

  /** Higher first. */
  @Column('integer')
  priority!: number;

  /** Of each attempt; no limit when null. */
  @Column('bigint', { name: 'timeout_ms', nullable: true })
  timeoutMs!: string | null;

  @Column('integer')
  retries!: number;

  @Column('integer', { name: 'retry_delay_ms' })
  retryDelayMs!: number;

  @Column('integer', { name: 'retry_exit_codes', array: true })
  retryExitCodes!: number[];

  /** Causes and exit codes after which it is run again at no cost of its retries. */
  @Column('jsonb', { name: 'requeue_on', default: [] })
  requeueOn!: RequeueOn[];

  @Column('integer', { name: 'requeues_max', default: 100 })
  requeuesMax!: number;

  /** How often it was. */
  @Column('integer', { default: 0 })
  requeues!: number;

  /** Number of the last attempt begun; 0 before the first. */
  @Column('integer', { default: 0 })
  attempt!: number;

  /** Attempts that ended by the task's own fault. */
  @Column('integer', { default: 0 })
  failures!: number;

  /** Attempts that were lost with their worker. */
  @Column('integer', { default: 0 })
  losses!: number;

  /** Counts hand-overs to a queue, so that every job has an id of its own. */
  @Column('integer', { default: 0 })
  dispatch!: number;

  /** When a queue got it; null while it waits in this table only. */
  @Column('timestamptz', { name: 'dispatched_at', nullable: true })
  dispatchedAt!: Date | null;

  /** A pending task with a time here becomes ready then. */
  @Column('timestamptz', { name: 'not_before', nullable: true })
  notBefore!: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('integer', { name: 'exit_code', nullable: true })
  exitCode!: number | null;

  @Column('text', { nullable: true })
  signal!: string | null;

  @Column('text', { nullable: true })
  reason!: FailureReason | null;

  @Column('text', { nullable: true })
  message!: string | null;

  @Column('uuid', { name: 'job_id', nullable: true })
  jobId!: string | null;

  /** Its place in the job, from 0. */
  @Column('integer', { name: 'job_index', nullable: true })
  jobIndex!: number | null;

  /** The task that submitted this one. */
  @Column('uuid', { name: 'upstream_id', nullable: true })
  upstreamId!: string | null;

  /** The task that was submitted instead of this one, which had failed. */
  @Column('uuid', { name: 'retried_by', nullable: true })
  retriedBy!: string | null;

  /** Dependencies that are still open. */
  @Column('integer', { name: 'waits_for', default: 0 })
  waitsFor!: number;

  /** It is ready, but its job is suspended: the dispatcher has set it aside. */
  @Column('boolean', { name: 'is_held', default: false })
  isHeld!: boolean;

  /** By key, how many tasks of the group with that key may run at a time. */
  @Column('jsonb', { default: {} })
  limits!: Record<string, number>;

  /** It has limits and was not let through yet. */
  /** Only files of its own group may be its inputs: a task submitted it, or somebody else changed what it runs. */
  @Column('boolean', { name: 'is_confined', default: false })
  isConfined!: boolean;

  @Column('boolean', { name: 'is_gated', default: false })
  isGated!: boolean;

  /** `Need`s of the domain library, alternatives; null: it asks for nothing, and its queue hands it out. */
  @Column('jsonb', { nullable: true })
  needs!: object[] | null;

  @Column('timestamptz', { name: 'cancel_requested_at', nullable: true })
  cancelRequestedAt!: Date | null;

  @Column('uuid', { name: 'cancelled_by', nullable: true })
  cancelledBy!: string | null;

  @Column('text', { name: 'cancel_reason', nullable: true })
  cancelReason!: string | null;

  /** What the running task says of itself, 0 to 1. */
  @Column('real', { nullable: true })
  progress!: number | null;

  @Column('text', { name: 'progress_message', nullable: true })
  progressMessage!: string | null;
  /** The workload that it is a step of. */
  @Column('uuid', { name: 'workload_id', nullable: true })
  workloadId!: string | null;

  /** Which subtask, from 0. */
  @Column('integer', { name: 'workload_index', nullable: true })
  workloadIndex!: number | null;

  @Column('text', { name: 'workload_step', nullable: true })
  workloadStep!: WorkloadStep | null;

  /** The one worker that must not run it: it is to be checked what that one did. */
  @Column('uuid', { name: 'avoid_worker_id', nullable: true })
  avoidWorkerId!: string | null;
}
