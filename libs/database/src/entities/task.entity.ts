import type { FailureReason, TaskState } from '@mitosis/domain';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

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
  @Column('jsonb')
  spec!: object;

  @Column('text', { array: true })
  tags!: string[];

  @Column('text', { array: true })
  labels!: string[];

  /** Higher first. */
  @Column('integer')
  priority!: number;

  @Column('bigint', { name: 'timeout_ms' })
  timeoutMs!: string;

  @Column('integer')
  retries!: number;

  @Column('integer', { name: 'retry_delay_ms' })
  retryDelayMs!: number;

  @Column('integer', { name: 'retry_exit_codes', array: true })
  retryExitCodes!: number[];

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
}
