import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Contents of files of code folders, packed; several folders of a group share a pack. */
@Entity('code_packs')
export class CodePack {
  @PrimaryColumn('uuid', { name: 'group_id' })
  groupId!: string;

  /** Of what is packed. */
  @PrimaryColumn('text')
  sha256!: string;

  /** Of the object, which is compressed. */
  @Column('text', { name: 'stored_sha256' })
  storedSha256!: string;

  @Column('integer', { name: 'size_bytes' })
  sizeBytes!: number;

  @Column('text', { name: 'object_key' })
  objectKey!: string;

  /** When it was last asked for, within an hour. */
  @Column('timestamptz', { name: 'used_at', default: () => 'now()' })
  usedAt!: Date;
}

/** A folder of code: its list of files, which is a pack, too, and the packs that it needs. */
@Entity('code_trees')
export class CodeTree {
  @PrimaryColumn('uuid', { name: 'group_id' })
  groupId!: string;

  /** Of the list of files. */
  @PrimaryColumn('text')
  sha256!: string;

  @Column('text', { array: true })
  packs!: string[];

  /** When a task was last submitted with it, within an hour; unused ones are collected. */
  @Column('timestamptz', { name: 'used_at', default: () => 'now()' })
  usedAt!: Date;
}
