import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A WebAssembly program that a group may run; its bytes are the object `programKey(sha256)`. */
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

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
