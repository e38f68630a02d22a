import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/**
 * Who did what to which object, when, from where; rows are added,
 * and removed by age. That of a refusal counts for a minute.
 */
@Entity('audit_log')
export class AuditEntry {
  @PrimaryColumn({ type: 'bigint', insert: false })
  id!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  at!: Date;

  @Column('text', { name: 'actor_kind' })
  actorKind!: 'anonymous' | 'user' | 'worker' | 'system';

  @Column('uuid', { name: 'actor_id', nullable: true })
  actorId!: string | null;

  /** The name at that time. */
  @Column('text', { name: 'actor_name' })
  actorName!: string;

  /** The id of an operation of the API. */
  @Column('text')
  action!: string;

  @Column('text')
  object!: string;

  @Column('text')
  outcome!: 'done' | 'denied';

  @Column('text')
  address!: string;

  @Column('jsonb')
  details!: object;
}
