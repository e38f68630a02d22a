import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How often something was tried; kept by rate-limiter-flexible, the same for all replicas. */
@Entity('rate_limits')
export class RateLimit {
  @PrimaryColumn('text')
  key!: string;

  @Column('integer', { default: 0 })
  points!: number;

  /** Milliseconds since 1970. */
  @Column('bigint', { nullable: true })
  expire!: string | null;
}
