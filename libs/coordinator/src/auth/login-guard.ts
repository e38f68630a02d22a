import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { DataSource } from 'typeorm';
import { MitoError } from '@mitosis/domain';

const WINDOW_S = 300;

/** Tries within five minutes. A whole account allows more than one address does, so that strangers can't lock it easily. */
const LIMITS = { pair: 20, account: 200, address: 300 } as const;
type Kind = keyof typeof LIMITS;

function tooMany(error: RateLimiterRes): MitoError {
  const seconds = Math.max(Math.ceil(error.msBeforeNext / 1000), 1);
  return new MitoError('rate-limited', 'too_many_attempts', `too many attempts; try again in ${seconds} s`, {
    details: { retry_after_s: seconds },
  });
}

/** Counts failed tries per account and address, in the database: the same for every replica. */
export class LoginGuard {
  private readonly limiters: Readonly<Record<Kind, RateLimiterPostgres>>;

  constructor(dataSource: DataSource) {
    const limiter = (kind: Kind): RateLimiterPostgres =>
      new RateLimiterPostgres({
        storeClient: dataSource,
        storeType: 'typeorm',
        tableName: 'rate_limits',
        tableCreated: true,
        clearExpiredByTimeout: false,
        keyPrefix: kind,
        points: LIMITS[kind],
        duration: WINDOW_S,
      });
    this.limiters = { pair: limiter('pair'), account: limiter('account'), address: limiter('address') };
  }

  /** Runs `attempt`; only a failure (`unauthenticated`) counts. Throws `too_many_attempts` (429) beyond the limits. */
  async guard<T>(account: string, address: string, attempt: () => Promise<T>): Promise<T> {
    // Taken before the attempt, so that many at once are not all let through.
    const keys: readonly [Kind, string][] = [
      ['pair', `${address} ${account}`],
      ['account', account],
      ['address', address],
    ];
    for (const [kind, key] of keys) await this.take(kind, key);
    const giveBack = async (): Promise<void> => {
      for (const [kind, key] of keys) await this.limiters[kind].reward(key, 1);
    };
    try {
      const result = await attempt();
      await giveBack();
      return result;
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind !== 'unauthenticated') await giveBack();
      throw error;
    }
  }

  private async take(kind: Kind, key: string): Promise<void> {
    try {
      await this.limiters[kind].consume(key);
    } catch (error) {
      throw error instanceof RateLimiterRes ? tooMany(error) : error;
    }
  }
}
