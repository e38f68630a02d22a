import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A stored state of the checkpoint folder of a task. A later attempt, and within it a higher number, is newer. */
@Entity('checkpoints')
export class Checkpoint {
  @PrimaryColumn('uuid', { name: 'task_id' })
  taskId!: string;

  /** 0: taken over from another task. */
  @PrimaryColumn('integer')
  attempt!: number;

  @PrimaryColumn('integer')
  number!: number;

  /** Several tasks may have the same. */
  @Column('text', { name: 'object_key' })
  objectKey!: string;

  @Column('bigint', { name: 'size_bytes' })
  sizeBytes!: string;

  @Column('text')
  sha256!: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
