import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** The tasks of one submission. `bigint` columns come from the driver as decimal strings. */
@Entity('jobs')
export class Job {
  /** UUID version 7: its order is that of creation. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ type: 'bigint', insert: false, update: false })
  seq!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  @Column('text')
  name!: string;

  /** More tasks are to come: it can't be over yet. */
  @Column('boolean', { name: 'is_open' })
  isOpen!: boolean;

  /** How many tasks its submission has, when it takes several requests. */
  @Column('integer', { name: 'expected_tasks', nullable: true })
  expectedTasks!: number | null;

  /** With which its submission can be finished. */
  @Column('text', { name: 'idempotency_key', nullable: true })
  idempotencyKey!: string | null;

  /** Some task waits for it, or did. */
  @Column('boolean', { name: 'has_dependents', default: false })
  hasDependents!: boolean;

  /** While there is a time here none of its tasks starts. */
  @Column('timestamptz', { name: 'suspended_at', nullable: true })
  suspendedAt!: Date | null;

  /** How many of its tasks may run at a time; any number when null. */
  @Column('integer', { name: 'at_once', nullable: true })
  atOnce!: number | null;

  /** When more of its tasks have failed, the others are cancelled; never when null. */
  @Column('integer', { name: 'max_fails', nullable: true })
  maxFails!: number | null;

  /** The name that it has in the file which describes it; unique in the group. */
  @Column('text', { nullable: true })
  experiment!: string | null;

  /** The file that was applied last, as it was written. */
  @Column('text', { nullable: true })
  definition!: string | null;

  @Column('text', { name: 'definition_format', nullable: true })
  definitionFormat!: 'toml' | 'yaml' | null;

  /** Who is told of it, as its submission says. */
  @Column('jsonb', { nullable: true })
  notify!: object | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
