import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DependencyCondition } from '@mitosis/domain';

/** One thing that a pending task waits for, or waited for. */
@Entity('dependencies')
export class Dependency {
  @PrimaryColumn('uuid', { name: 'task_id' })
  taskId!: string;

  @PrimaryColumn('uuid', { name: 'on_id' })
  onId!: string;

  @Column('text', { name: 'on_kind' })
  onKind!: 'task' | 'job';

  @PrimaryColumn('text')
  condition!: DependencyCondition;

  @Column('text', { default: 'open' })
  state!: 'open' | 'met' | 'unmet';
}
