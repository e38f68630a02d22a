import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { DataSource } from 'typeorm';
import { MitoError } from '@mitosis/domain';
import { placeOf } from './caller-address.js';

const WINDOW_S = 300;
/** For so long a login is remembered, with the place from which it came. */
const HOME_MS = 30 * 86_400_000;
/** What has expired is removed this often, by whoever tries to log in. */
const SWEEP_MS = 60_000;

const homeKey = (account: string, place: string): string => `home:${place} ${account}`;

/**
 * Tries within five minutes. A whole account allows more than one address does, so that strangers can't lock it easily.
 */
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

  constructor(private readonly dataSource: DataSource) {
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
    const place = placeOf(address);
    const pair: [Kind, string] = ['pair', `${place} ${account}`];
    // Others can use up what an account or an address has; not what an account has where its owner logs in.
    const shared: [Kind, string][] = [
      ['account', account],
      ['address', place],
    ];
    await this.removeExpired();
    const keys = (await this.isAtHome(account, place)) ? [pair] : [pair, ...shared];
    for (const [kind, key] of keys) await this.take(kind, key);
    const giveBack = async (): Promise<void> => {
      for (const [kind, key] of keys) await this.limiters[kind].reward(key, 1);
    };
    try {
      const result = await attempt();
      await giveBack();
      await this.noteHome(account, place);
      return result;
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind !== 'unauthenticated') await giveBack();
      throw error;
    }
  }

  /** Whether somebody has logged in to the account from there within the last days. */
  private async isAtHome(account: string, place: string): Promise<boolean> {
    const rows = (await this.dataSource.query('SELECT 1 FROM rate_limits WHERE key = $1 AND expire > $2', [
      homeKey(account, place),
      Date.now(),
    ])) as unknown[];
    return rows.length > 0;
  }

  private async noteHome(account: string, place: string): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO rate_limits (key, points, expire) VALUES ($1, 0, $2)
        ON CONFLICT (key) DO UPDATE SET expire = excluded.expire`,
      [homeKey(account, place), Date.now() + HOME_MS],
    );
  }

  private async removeExpired(): Promise<void> {
    const now = Date.now();
    if (now - this.sweptAt < SWEEP_MS) return;
    this.sweptAt = now;
    await this.dataSource.query('DELETE FROM rate_limits WHERE expire < $1', [now]);
  }

  private sweptAt = 0;

  private async take(kind: Kind, key: string): Promise<void> {
    try {
      await this.limiters[kind].consume(key);
    } catch (error) {
      throw error instanceof RateLimiterRes ? tooMany(error) : error;
    }
  }
}
