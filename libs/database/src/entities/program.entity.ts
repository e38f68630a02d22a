import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A WebAssembly program that a group may run. */
@Entity('programs')
export class Program {
  @PrimaryColumn('uuid', { name: 'group_id' })
  groupId!: string;

  @PrimaryColumn('text')
  sha256!: string;

  /** For people; several programs may have the same. */
  @Column('text')
  name!: string;

  @Column('integer', { name: 'size_bytes' })
  sizeBytes!: number;

  /** The functions of WASI preview 1 that it imports. */
  @Column('text', { array: true })
  imports!: string[];

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  /** Where its bytes are, charged to the group (those of older programs to the first group that had them). */
  @Column('text', { name: 'object_key' })
  objectKey!: string;

  /** When something was last submitted that runs it, within an hour; unused ones are collected. */
  @Column('timestamptz', { name: 'used_at', default: () => 'now()' })
  usedAt!: Date;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
