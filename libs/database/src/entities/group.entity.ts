import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity('groups')
export class Group {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { unique: true })
  name!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  /** `locked`: everything can be seen, nothing new runs. `deleted`: it is gone for everybody. */
  @Column('text', { default: 'active' })
  state!: 'active' | 'locked' | 'deleted';

  /** Tasks that may wait at a time; null: any number. */
  @Column('integer', { name: 'queued_tasks_max', nullable: true })
  queuedTasksMax!: number | null;

  /** Tasks that may run at a time; null: any number. */
  @Column('integer', { name: 'running_tasks_max', nullable: true })
  runningTasksMax!: number | null;

  /** What everything stored for the group may have together. */
  @Column('bigint', { name: 'storage_quota_bytes', default: 17_179_869_184 })
  storageQuotaBytes!: string;

  @Column('bigint', { name: 'storage_used_bytes', default: 0 })
  storageUsedBytes!: string;

  /** Of uploads that are under way. */
  @Column('bigint', { name: 'storage_reserved_bytes', default: 0 })
  storageReservedBytes!: string;

  /** Time limit of tasks that name none; null: what the deployment says. */
  @Column('bigint', { name: 'timeout_default_ms', nullable: true })
  timeoutDefaultMs!: string | null;

  /** Longest time limit that its tasks may have; null: what the deployment says. */
  @Column('bigint', { name: 'timeout_max_ms', nullable: true })
  timeoutMaxMs!: string | null;

  /** Retries of tasks that name none; null: what the deployment says. */
  @Column('integer', { name: 'retries_default', nullable: true })
  retriesDefault!: number | null;

  /** Delay before the first retry of tasks that name none; null: what the deployment says. */
  @Column('integer', { name: 'retry_delay_default_ms', nullable: true })
  retryDelayDefaultMs!: number | null;

  /** Cores of tasks that ask for none; null: what a task without needs gets. */
  @Column('integer', { name: 'cpus_default', nullable: true })
  cpusDefault!: number | null;

  /** Memory of tasks that ask for none; null: no limit. */
  @Column('bigint', { name: 'mem_default_bytes', nullable: true })
  memDefaultBytes!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** While there is a time here none of its tasks starts. */
  @Column('timestamptz', { name: 'suspended_at', nullable: true })
  suspendedAt!: Date | null;
}
