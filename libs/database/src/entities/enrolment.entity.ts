import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A code with which workers register without anybody's password. */
@Entity('enrolments')
export class Enrolment {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  @Column('bytea', { name: 'code_hash', unique: true })
  codeHash!: Buffer;

  /** Groups whose tasks its workers run. */
  @Column('uuid', { name: 'group_ids', array: true })
  groupIds!: string[];

  @Column('text', { array: true })
  tags!: string[];

  @Column('text', { array: true })
  labels!: string[];

  @Column('integer', { name: 'uses_max' })
  usesMax!: number;

  @Column('integer', { default: 0 })
  uses!: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
