import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { WorkloadState } from '@mitosis/domain';

/** One computation that a program splits, maps and reduces; its tasks name it in `workload_id`. */
@Entity('workloads')
export class Workload {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  sha256!: string;

  /** As they were given, one JSON object. */
  @Column('jsonb')
  params!: object;

  /** How its tasks are submitted: a `WorkloadPlan` of the protocol library. */
  @Column('jsonb')
  plan!: object;

  /** Every subtask is computed on two workers and their results are compared. */
  @Column('boolean', { name: 'is_verified' })
  isVerified!: boolean;

  @Column('text', { default: 'splitting' })
  state!: WorkloadState;

  /** Subtasks in all; null until they are known. */
  @Column('integer', { nullable: true })
  subtasks!: number | null;

  /** Subtasks that are not done yet (with `is_verified`: not done twice). */
  @Column('integer', { name: 'subtasks_left', nullable: true })
  subtasksLeft!: number | null;

  /** Why it failed. */
  @Column('text', { nullable: true })
  message!: string | null;

  /** The task whose printed output is the final result. */
  @Column('uuid', { name: 'result_task_id', nullable: true })
  resultTaskId!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
