import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity('workers')
export class Worker {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  /** `gone`: it said goodbye, or was not heard of for a long time; its token is refused. */
  @Column('text', { default: 'active' })
  state!: 'active' | 'gone';

  @Column('text', { array: true })
  tags!: string[];

  @Column('text', { array: true })
  labels!: string[];

  @Column('integer')
  slots!: number;

  @Column('text')
  hostname!: string;

  @Column('text')
  version!: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'registered_at' })
  registeredAt!: Date;

  @CreateDateColumn({ type: 'timestamptz', name: 'last_seen_at' })
  lastSeenAt!: Date;
}
