import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** One stored product of a task; visible because the attempt that made it was committed. */
@Entity('artifacts')
export class Artifact {
  @PrimaryColumn('uuid', { name: 'task_id' })
  taskId!: string;

  @PrimaryColumn('text')
  kind!: 'result' | 'exec-log' | 'std-log' | 'env-log';

  @Column('integer')
  attempt!: number;

  @Column('text', { name: 'object_key' })
  objectKey!: string;

  @Column('bigint', { name: 'size_bytes' })
  sizeBytes!: string;

  @Column('text')
  sha256!: string;

  /** Files that were not packed: `{ path, why }[]`. */
  @Column('jsonb')
  skipped!: object;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
