import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Jobs that are submitted at the times of a cron expression. */
@Entity('schedules')
export class Schedule {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  /** In whose name it submits; what they may do counts at each time. */
  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  cron!: string;

  @Column('text', { name: 'time_zone' })
  timeZone!: string;

  @Column('text')
  overlap!: 'skip' | 'queue' | 'replace';

  @Column('text', { name: 'catch_up' })
  catchUp!: 'none' | 'last' | 'all';

  @Column('text', { default: 'active' })
  state!: 'active' | 'paused' | 'stopped';

  /** Why it was stopped. */
  @Column('text', { nullable: true })
  message!: string | null;

  /** A list of `ScheduledJob` of the protocol library. */
  @Column('jsonb')
  jobs!: object;

  /** The only time that is stored in advance. */
  @Column('timestamptz', { name: 'next_at', nullable: true })
  nextAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}

/** One time of a schedule: that there is a row for it is what makes it run once. */
@Entity('schedule_runs')
export class ScheduleRun {
  @PrimaryColumn('uuid', { name: 'schedule_id' })
  scheduleId!: string;

  @PrimaryColumn('timestamptz', { name: 'due_at' })
  dueAt!: Date;

  @Column('text')
  outcome!: 'ran' | 'skipped';

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('uuid', { array: true, default: [] })
  jobs!: string[];
}
