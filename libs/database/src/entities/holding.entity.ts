import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What an attempt holds of a machine, until no process of it is left there. */
@Entity('holdings')
export class Holding {
  @PrimaryColumn('uuid', { name: 'task_id' })
  taskId!: string;

  @PrimaryColumn('integer')
  attempt!: number;

  @Column('uuid', { name: 'worker_id' })
  workerId!: string;

  /** Which machine, whatever worker runs there. */
  @Column('text')
  machine!: string;

  /** Which folder of the machine: the next worker there ends what the last one left. */
  @Column('text')
  place!: string;

  /** An `Assignment` of the domain library. */
  @Column('jsonb')
  assigned!: object;

  @CreateDateColumn({ type: 'timestamptz' })
  since!: Date;
}

/** One unit of a machine, or a part of it, that an attempt holds: a whole one is held once. */
@Entity('held_units')
export class HeldUnit {
  @PrimaryColumn('text')
  machine!: string;

  /** `cpu:3`, `gpu:GPU-…`, `need:fpga:a`. */
  @PrimaryColumn('text')
  unit!: string;

  @PrimaryColumn('uuid', { name: 'task_id' })
  taskId!: string;

  @PrimaryColumn('integer')
  attempt!: number;

  @Column('integer')
  thousandths!: number;
}

/** A worker that is kept free for a task that has waited for long. */
@Entity('reservations')
export class Reservation {
  @PrimaryColumn('uuid', { name: 'worker_id' })
  workerId!: string;

  @Column('uuid', { name: 'task_id', unique: true })
  taskId!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  since!: Date;
}
