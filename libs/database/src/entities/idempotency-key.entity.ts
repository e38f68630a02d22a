import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** The answer that a request with this key got: asked again, it is answered again. */
@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @PrimaryColumn('text')
  key!: string;

  /** SHA-256 of the request, so that a key can't be used for another one. */
  @Column('text', { name: 'request_hash' })
  requestHash!: string;

  @Column('jsonb')
  answer!: object;

  /** What the request was: short hashes of its parts by their names. */
  @Column('jsonb', { nullable: true })
  outline!: object | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
