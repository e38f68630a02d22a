import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { TaskKind } from '@mitosis/domain';

/** A queue that was used at least once; the name is made by `queueName` of the domain library. */
@Entity('queues')
export class QueueRow {
  @PrimaryColumn('text')
  name!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('text', { array: true })
  tags!: string[];

  @Column('text', { default: 'command' })
  kind!: TaskKind;

  /** Why the last hand-over to it failed; null when it did not. */
  @Column('text', { nullable: true })
  trouble!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
