import type { Redis } from 'ioredis';
import { invalidField, NAME_PATTERN } from '@mitosis/domain';
import type { QueueAccess } from '../queue-backend.js';
import { DEFAULT_PREFIX, type RedisQueueConfig, type ServerCredentials } from '../queue-config.js';
import { orDenied, orUnavailable } from '../unavailable.js';
import { workerLogin } from '../worker-login.js';
import { workerPassword } from '../worker-password.js';
import { groupPrefix } from './redis-keys.js';

/** What BullMQ's consumer scripts, the blocking wait and the signals use, found by denying the rest. */
const COMMANDS = [
  'info',
  'client|setname',
  'eval',
  'evalsha',
  'bzpopmin',
  'del',
  'exists',
  'get',
  'hdel',
  'hexists',
  'hget',
  'hgetall',
  'hincrby',
  'hmget',
  'hmset',
  'hset',
  'incr',
  'llen',
  'lpush',
  'lrange',
  'lrem',
  'pexpire',
  'pttl',
  'rpoplpush',
  'rpush',
  'sadd',
  'scard',
  'set',
  'smembers',
  'srem',
  'xadd',
  'xtrim',
  'zadd',
  'zcard',
  'zpopmin',
  'zrange',
  'zrangebyscore',
  'zrem',
  'zremrangebyrank',
  'zrevrange',
  'zrevrangebyscore',
  'zscore',
];

/**
 * One ACL user per worker, limited to the keys of its groups. It separates groups, not the workers
 * of one group. Users live in the server's memory: after its restart they are granted again.
 */
export class RedisAccess implements QueueAccess<ServerCredentials> {
  readonly connection = 'direct';

  constructor(
    private readonly client: Redis,
    private readonly config: RedisQueueConfig,
    private readonly accessKey: string,
  ) {}

  async grant(workerId: string, groups: readonly string[]): Promise<ServerCredentials> {
    const bad = groups.find((group) => !NAME_PATTERN.test(group));
    if (bad !== undefined) throw invalidField('groups', `"${bad}" is not the name of a group`);
    const username = workerLogin('w_', workerId);
    const password = workerPassword(this.accessKey, 'redis', workerId);
    const prefix = this.config.prefix ?? DEFAULT_PREFIX;
    const patterns = groups.map((group) => `~${groupPrefix(prefix, group)}:*`);
    await orDenied('Its Redis user needs the command ACL.', async () => {
      const before = await this.patterns(username);
      await this.client.call(
        'ACL',
        'SETUSER',
        username,
        'reset',
        'on',
        `>${password}`,
        ...patterns,
        'resetchannels',
        '-@all',
        ...COMMANDS.map((command) => `+${command}`),
      );
      // A blocked BZPOPMIN was checked when it was sent: one on a lost group has to be cut.
      const isReduced = before.some((pattern) => !patterns.includes(pattern));
      if (isReduced) await this.client.call('CLIENT', 'KILL', 'USER', username);
    });
    return { kind: 'redis', url: this.workerUrl(), username, password, prefix };
  }

  async revoke(workerId: string): Promise<void> {
    const username = workerLogin('w_', workerId);
    await orUnavailable(() => this.client.call('ACL', 'DELUSER', username));
  }

  private workerUrl(): string {
    const url = new URL(this.config.workerUrl ?? this.config.url);
    url.username = '';
    url.password = '';
    return url.href;
  }

  private async patterns(username: string): Promise<string[]> {
    const user: unknown = await this.client.call('ACL', 'GETUSER', username);
    if (!Array.isArray(user)) return [];
    const keys: unknown = user[user.indexOf('keys') + 1];
    return typeof keys === 'string' ? keys.split(' ').filter((key) => key !== '') : [];
  }
}
