import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The rows of `metrics.jsonl` in the result folder of a task's last attempt. */
@Entity('metrics')
export class Metrics {
  @PrimaryColumn('uuid', { name: 'task_id' })
  taskId!: string;

  /** `MetricsRow[]` of the protocol library. */
  @Column('jsonb')
  rows!: object;

  /** There were more rows than are kept here; the artifact has them all. */
  @Column('boolean', { name: 'is_truncated' })
  isTruncated!: boolean;
}
