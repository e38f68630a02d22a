import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Where notifications go: of a person or of a group. */
@Entity('receivers')
export class Receiver {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('uuid', { name: 'group_id', nullable: true })
  groupId!: string | null;

  @Column('text')
  name!: string;

  @Column('text')
  kind!: 'webhook' | 'slack' | 'mail' | 'command';

  /** What people may see of its target. */
  @Column('text')
  shown!: string;

  /** Target and key in JSON, encrypted with a key that is not in the database. */
  @Column('bytea')
  sealed!: Buffer;

  /** Of all jobs of its owner. */
  @Column('text', { array: true, default: [] })
  events!: string[];

  @Column('bigint', { name: 'stuck_after_ms', nullable: true })
  stuckAfterMs!: string | null;

  @Column('integer', { name: 'per_hour' })
  perHour!: number;

  @Column('boolean', { name: 'is_paused', default: false })
  isPaused!: boolean;

  /** Attempts in a row that failed. */
  @Column('integer', { default: 0 })
  failures!: number;

  @Column('text', { nullable: true })
  trouble!: string | null;

  @Column('timestamptz', { name: 'retry_at', default: () => 'now()' })
  retryAt!: Date;

  /** Until then one coordinator is sending to it. */
  @Column('timestamptz', { name: 'leased_until', nullable: true })
  leasedUntil!: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}

/** A message to one receiver, and its place in the log of deliveries. */
@Entity('messages')
export class Message {
  @Column({ type: 'bigint', insert: false, update: false })
  seq!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'receiver_id' })
  receiverId!: string;

  @Column('text')
  event!: string;

  @Column('uuid', { name: 'subject_id', nullable: true })
  subjectId!: string | null;

  /** Whose owner still has to be allowed to read it when it is sent. */
  @Column('uuid', { name: 'group_id', nullable: true })
  groupId!: string | null;

  @Column('text')
  title!: string;

  @Column('jsonb')
  content!: object;

  /** What is sent, from the first attempt on. */
  @Column('text', { nullable: true })
  payload!: string | null;

  @Column('text', { default: 'waiting' })
  state!: 'waiting' | 'sent' | 'failed' | 'merged';

  @Column('integer', { default: 0 })
  attempts!: number;

  @Column('text', { nullable: true })
  status!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'attempted_at', nullable: true })
  attemptedAt!: Date | null;
}
