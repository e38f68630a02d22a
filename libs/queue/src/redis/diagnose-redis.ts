import type { Redis } from 'ioredis';
import type { Finding } from '@mitosis/domain';
import { reasonOf } from '../unavailable.js';

const field = (info: string, name: RegExp): string => new RegExp(`^${name.source}:(\\S*)`, 'm').exec(info)?.[1] ?? '';

/** Looks at a Redis server the way an operator would; connects by itself, never throws. */
export async function diagnoseRedis(client: Redis): Promise<Finding[]> {
  let info: string;
  try {
    if (client.status === 'wait') await client.connect();
    info = await client.info();
  } catch (error) {
    const advice = 'see that the server runs, and that redis_url names its host, port, user and password';
    return [
      { check: 'queue.reachable', status: 'failure', found: `Redis does not answer: ${reasonOf(error)}`, advice },
    ];
  }
  return [version(info), eviction(info), memory(info), await persistence(client, info), await rights(client)];
}

function version(info: string): Finding {
  const found = field(info, /(?:valkey|redis)_version/);
  if (Number.parseInt(found, 10) >= 7)
    return { check: 'queue.reachable', status: 'ok', found: `Redis ${found} responds` };
  return {
    check: 'queue.reachable',
    status: 'failure',
    found: `Redis ${found} is too old`,
    advice: 'use Redis or Valkey 7 or newer',
  };
}

function eviction(info: string): Finding {
  const policy = field(info, /maxmemory_policy/);
  if (policy === 'noeviction') return { check: 'queue.eviction', status: 'ok', found: 'noeviction: no job is dropped' };
  const advice = 'set "maxmemory-policy noeviction" in the configuration of Redis';
  return {
    check: 'queue.eviction',
    status: 'failure',
    found: `maxmemory-policy is ${policy}: jobs may be dropped`,
    advice,
  };
}

function memory(info: string): Finding {
  const [used, limit] = [Number(field(info, /used_memory/)), Number(field(info, /maxmemory/))];
  if (limit === 0 || used < limit * 0.8)
    return { check: 'queue.memory', status: 'ok', found: `${Math.ceil(used / 2 ** 20)} MiB in use` };
  const advice = 'raise maxmemory: a full Redis refuses every job';
  return {
    check: 'queue.memory',
    status: 'warning',
    found: `${Math.round((used / limit) * 100)} % of maxmemory is in use`,
    advice,
  };
}

async function persistence(client: Redis, info: string): Promise<Finding> {
  const check = 'queue.persistence';
  const isAppending = field(info, /aof_enabled/) === '1';
  const isLastWriteOk =
    field(info, /rdb_last_bgsave_status/) !== 'err' && field(info, /aof_last_write_status/) !== 'err';
  if (!isLastWriteOk)
    return {
      check,
      status: 'failure',
      found: 'Redis could not write to its disk',
      advice: 'make room on the disk of Redis and look into its log',
    };
  if (isAppending) return { check, status: 'ok', found: 'appendonly is on' };
  // A user without rights to the configuration sees no snapshots: that counts as none.
  const saves = ((await client.config('GET', 'save').catch(() => [])) as string[])[1] ?? '';
  if (saves !== '') return { check, status: 'ok', found: `snapshots: save ${saves}` };
  const advice =
    'set "appendonly yes"; without it the queues are rebuilt from the database after each restart of Redis';
  return { check, status: 'warning', found: 'nothing of it survives a restart', advice };
}

async function rights(client: Redis): Promise<Finding> {
  const check = 'queue.rights';
  try {
    const user = String(await client.call('ACL', 'WHOAMI'));
    await client.call('ACL', 'LIST');
    return { check, status: 'ok', found: `the user "${user}" can give workers their access` };
  } catch (error) {
    const advice =
      'give the coordinator a user with "+@all ~*", or at least "+acl", for it creates one user for each worker';
    return { check, status: 'failure', found: `the access of workers can't be managed: ${reasonOf(error)}`, advice };
  }
}
