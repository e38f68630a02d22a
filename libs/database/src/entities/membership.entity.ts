import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '@mitosis/domain';

/** What a user may do in a group. */
@Entity('memberships')
export class Membership {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @PrimaryColumn('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('text')
  role!: Role;
}
