import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { AttemptOutcome } from '@mitosis/domain';

/** One run of a task on a worker. `bigint` columns come from the driver as decimal strings. */
@Entity('attempts')
export class Attempt {
  @PrimaryColumn('uuid', { name: 'task_id' })
  taskId!: string;

  @PrimaryColumn('integer')
  number!: number;

  @Column('uuid', { name: 'worker_id' })
  workerId!: string;

  /** Id of the claim that opened it: the same claim again gets the same attempt. */
  @Column('uuid', { name: 'claim_request' })
  claimRequest!: string;

  /** The secret that fences every write of this attempt. */
  @Column('uuid')
  lease!: string;

  /** On the database's clock. */
  @Column('timestamptz', { name: 'lease_until' })
  leaseUntil!: Date;

  /** Id of the report that was committed: the same report again is accepted again. */
  @Column('uuid', { name: 'report_request', nullable: true })
  reportRequest!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'started_at' })
  startedAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  @Column('text', { nullable: true })
  outcome!: AttemptOutcome | null;

  @Column('integer', { name: 'exit_code', nullable: true })
  exitCode!: number | null;

  @Column('text', { nullable: true })
  signal!: string | null;

  @Column('text', { nullable: true })
  message!: string | null;

  @Column('bigint', { name: 'wall_ms', nullable: true })
  wallMs!: string | null;

  @Column('bigint', { name: 'user_cpu_ms', nullable: true })
  userCpuMs!: string | null;

  @Column('bigint', { name: 'system_cpu_ms', nullable: true })
  systemCpuMs!: string | null;

  @Column('bigint', { name: 'peak_rss_bytes', nullable: true })
  peakRssBytes!: string | null;

  /** Bytes that the task printed and that were kept. */
  @Column('bigint', { name: 'output_bytes', nullable: true })
  outputBytes!: string | null;

  @Column('boolean', { name: 'is_output_truncated', default: false })
  isOutputTruncated!: boolean;

  /** Printed output as frames when short; otherwise it is the object `outputKey`. */
  @Column('bytea', { name: 'output_inline', nullable: true })
  outputInline!: Buffer | null;

  @Column('text', { name: 'output_key', nullable: true })
  outputKey!: string | null;

  @Column('text', { name: 'output_sha256', nullable: true })
  outputSha256!: string | null;

  /** Products that were not stored: `{ kind, why }[]`. */
  @Column('jsonb', { name: 'not_kept', default: [] })
  notKept!: object;

  /** What was changed, left out or not understood of what the task wrote: sentences. */
  @Column('jsonb', { default: [] })
  notes!: string[];

  /** An `Assignment` of the domain library; null for a task that asked for nothing. */
  @Column('jsonb', { nullable: true })
  assigned!: object | null;

  /** Of what a sandboxed program wrote to stdout, without frames: two runs are compared by it. */
  @Column('text', { name: 'stdout_sha256', nullable: true })
  stdoutSha256!: string | null;
}
