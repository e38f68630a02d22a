import { Column, Entity, PrimaryColumn } from 'typeorm';

/** There may be something to tell of a job, or of a task without a job. */
@Entity('notice_marks')
export class NoticeMark {
  @PrimaryColumn({ type: 'bigint', insert: false, update: false })
  seq!: string;

  @Column('uuid', { name: 'subject_id' })
  subjectId!: string;

  @Column('boolean', { name: 'is_job' })
  isJob!: boolean;
}

/** What was told of a job or a task, and when to look at it next. */
@Entity('notice_subjects')
export class NoticeSubject {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('boolean', { name: 'is_job' })
  isJob!: boolean;

  /** Counts the marks: whoever has looked at an older one looks again. */
  @Column('integer', { default: 0 })
  version!: number;

  @Column('timestamptz', { name: 'due_at', nullable: true })
  dueAt!: Date | null;

  /** Of the coordinator that looks at it. */
  @Column('uuid', { nullable: true })
  lease!: string | null;

  @Column('timestamptz', { name: 'leased_until', nullable: true })
  leasedUntil!: Date | null;

  @Column('boolean', { name: 'has_told_start', default: false })
  hasToldStart!: boolean;

  /** Names the end that was told; a job that is retried has another one. */
  @Column('text', { name: 'told_end', nullable: true })
  toldEnd!: string | null;

  @Column('timestamptz', { name: 'waiting_since', nullable: true })
  waitingSince!: Date | null;

  /** The longest wait since then that somebody was told of. */
  @Column('bigint', { name: 'told_stuck_ms', default: 0 })
  toldStuckMs!: string;
}
