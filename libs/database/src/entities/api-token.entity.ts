import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { TokenScope } from '@mitosis/domain';

/** A named token for scripts. Only its SHA-256 is stored. */
@Entity('api_tokens')
export class ApiToken {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  scope!: TokenScope;

  @Column('bytea', { name: 'secret_hash', unique: true })
  secretHash!: Buffer;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
