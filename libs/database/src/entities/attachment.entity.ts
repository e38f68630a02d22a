import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A file that a group shares, under a key such as `datasets/v1/train.tar.gz`. */
@Entity('attachments')
export class Attachment {
  @PrimaryColumn('uuid', { name: 'group_id' })
  groupId!: string;

  @PrimaryColumn('text')
  key!: string;

  @Column('text', { name: 'object_key' })
  objectKey!: string;

  @Column('bigint', { name: 'size_bytes' })
  sizeBytes!: string;

  @Column('text')
  sha256!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  /** Of this content: an upload under the same key replaces it. */
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
