import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { WantedState } from '@mitosis/domain';

@Entity('workers')
export class Worker {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'creator_id' })
  creatorId!: string;

  /** `gone`: it said goodbye, or sent no heartbeat for a long time; its token is refused. */
  @Column('text', { default: 'active' })
  state!: 'active' | 'gone';

  /** What people want of it: to take tasks, to take nothing new, to end after its tasks, to end at once. */
  @Column('text', { default: 'run' })
  wanted!: WantedState;

  @Column('text', { array: true })
  tags!: string[];

  @Column('text', { array: true })
  labels!: string[];

  /** Which tasks it takes by their tags; all as long as it has no tags when null. */
  @Column('text', { nullable: true })
  takes!: 'any' | 'only_tagged' | null;

  /** What it takes, when it does not take everything. */
  @Column('text', { name: 'only_kind', nullable: true })
  onlyKind!: 'wasm' | null;

  @Column('integer')
  slots!: number;

  /** One active worker has it; the name of its host when nobody has chosen another. */
  @Column('text')
  name!: string;

  /** Of the secret with which it says who it is when it starts again; null when it may not. */
  @Column('bytea', { name: 'identity_hash', nullable: true })
  identityHash!: Buffer | null;

  /** How deliveries reach it. */
  @Column('text', { default: 'coordinator' })
  connection!: 'coordinator' | 'direct';

  @Column('text')
  hostname!: string;

  @Column('text')
  version!: string;

  /** The code with which it was registered, when it was one. */
  @Column('uuid', { name: 'enrolment_id', nullable: true })
  enrolmentId!: string | null;

  /** Id of the request that registered it: the same request again gets the same worker. */
  @Column('uuid', { name: 'enrol_request', nullable: true })
  enrolRequest!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'registered_at' })
  registeredAt!: Date;

  /** When it registered or came back, the last time. */
  @CreateDateColumn({ type: 'timestamptz', name: 'started_at' })
  startedAt!: Date;

  @CreateDateColumn({ type: 'timestamptz', name: 'last_seen_at' })
  lastSeenAt!: Date;

  /** Renewed while the worker lives; afterwards it is gone. */
  @Column('timestamptz', { name: 'credential_expires_at', default: () => `now() + interval '24 hours'` })
  credentialExpiresAt!: Date;

  /** As the last heartbeat said, like the following ones; null before the first. */
  @Column('integer', { name: 'free_slots', nullable: true })
  freeSlots!: number | null;

  /** Of all cores of its machine, 0 to 1. */
  @Column('real', { name: 'cpu_load', nullable: true })
  cpuLoad!: number | null;

  @Column('bigint', { name: 'memory_used_bytes', nullable: true })
  memoryUsedBytes!: string | null;

  @Column('bigint', { name: 'memory_total_bytes', nullable: true })
  memoryTotalBytes!: string | null;

  /** Which machine it runs on, and in which folder there; null for a worker that offers nothing. */
  @Column('text', { nullable: true })
  machine!: string | null;

  @Column('text', { nullable: true })
  place!: string | null;

  /** An `Offer` of the domain library. */
  @Column('jsonb', { nullable: true })
  offer!: object | null;

  /** Which limits it can enforce there. */
  @Column('jsonb', { nullable: true })
  enforces!: object | null;

  /** Something of its machine may be held: tasks that ask for nothing have to be counted before they start there. */
  @Column('boolean', { name: 'is_shared', default: false })
  isShared!: boolean;

  /** Why it can't work, as its last heartbeat said; null when it can. */
  @Column('text', { nullable: true })
  trouble!: string | null;

  @Column('timestamptz', { name: 'trouble_since', nullable: true })
  troubleSince!: Date | null;
}
