import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** An object of the store: reserved before its first byte, stored, or left for the collector. */
@Entity('objects')
export class StoredObjectRow {
  @PrimaryColumn('text')
  key!: string;

  /** Names the upload in the API. */
  @Column('uuid', { unique: true })
  id!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('text')
  state!: 'reserved' | 'stored' | 'garbage';

  @Column('text')
  purpose!: 'artifact' | 'output' | 'attachment' | 'program' | 'code';

  /** Null for attachments, programs and code, and once the task is deleted. */
  @Column('uuid', { name: 'task_id', nullable: true })
  taskId!: string | null;

  /** Of the worker that stores it; null when a person does. */
  @Column('integer', { nullable: true })
  attempt!: number | null;

  /** The kind of artifact, or the key of the attachment. */
  @Column('text')
  name!: string;

  @Column('uuid', { name: 'creator_id', nullable: true })
  creatorId!: string | null;

  /** What is counted in the group: as reserved or, once stored, as used. */
  @Column('bigint', { name: 'size_bytes' })
  sizeBytes!: string;

  /** As announced; null while a stream of unknown content is stored. */
  @Column('text', { nullable: true })
  sha256!: string | null;

  /** The plan of an upload in parts: a `MultipartUpload` of the object store. */
  @Column('jsonb', { nullable: true })
  upload!: object | null;

  /** Until then a signed request may still write it: a reservation holds, garbage stays. */
  @Column('timestamptz', { name: 'usable_until' })
  usableUntil!: Date;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'stored_at', nullable: true })
  storedAt!: Date | null;
}
