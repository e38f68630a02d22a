import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What tasks are searched by and what does not change with their state. */
@Entity('task_search')
export class TaskSearch {
  /** That of the task. */
  @PrimaryColumn('bigint')
  seq!: string;

  @Column('uuid', { name: 'task_id' })
  taskId!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  @Column('uuid', { name: 'job_id', nullable: true })
  jobId!: string | null;

  @Column('text')
  name!: string;

  /** Those of the task: they change as long as it waits. */
  @Column('text', { array: true })
  tags!: string[];

  @Column('text', { array: true })
  labels!: string[];

  @Column('integer')
  priority!: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** Of its name, its command and why it failed; made by the function `mito_words`. */
  @Column('tsvector')
  words!: string;
}
