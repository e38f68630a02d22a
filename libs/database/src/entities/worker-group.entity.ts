import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '@mitosis/domain';

/** What a group may do with a worker; with `write` or `admin` its tasks run there. */
@Entity('worker_groups')
export class WorkerGroup {
  @PrimaryColumn('uuid', { name: 'worker_id' })
  workerId!: string;

  @PrimaryColumn('uuid', { name: 'group_id' })
  groupId!: string;

  @Column('text')
  role!: Role;

  /** Who gave the role. The worker runs the group's tasks as long as this person may write in the group. */
  @Column('uuid', { name: 'granted_by' })
  grantedBy!: string;
}
