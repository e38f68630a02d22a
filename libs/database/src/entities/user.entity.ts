import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity('users')
export class User {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { unique: true })
  username!: string;

  /** Argon2id in PHC format. */
  @Column('text', { name: 'password_hash' })
  passwordHash!: string;

  @Column('text', { default: 'active' })
  state!: 'active' | 'locked' | 'deleted';

  @Column('boolean', { name: 'is_admin', default: false })
  isAdmin!: boolean;

  /** Groups that the user may have created, the own one included. */
  @Column('integer', { name: 'group_quota', default: 8 })
  groupQuota!: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
