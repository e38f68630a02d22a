import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which task of an applied job a combination of parameters is. */
@Entity('experiment_tasks')
export class ExperimentTask {
  @PrimaryColumn('uuid', { name: 'job_id' })
  jobId!: string;

  /** A hash of its parameters as text. */
  @PrimaryColumn('text')
  identity!: string;

  /** A hash of what it runs. */
  @Column('text', { name: 'run_hash' })
  runHash!: string;

  @Column('uuid', { name: 'task_id' })
  taskId!: string;
}
