import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A secret of a group. */
@Entity('group_secrets')
export class GroupSecret {
  @PrimaryColumn('uuid', { name: 'group_id' })
  groupId!: string;

  @PrimaryColumn('text')
  name!: string;

  /** The value, encrypted with a key that is not in the database. */
  @Column('bytea')
  sealed!: Buffer;

  @Column('uuid', { name: 'set_by' })
  setBy!: string;

  @Column('timestamptz', { name: 'set_at', default: () => 'now()' })
  setAt!: Date;
}
