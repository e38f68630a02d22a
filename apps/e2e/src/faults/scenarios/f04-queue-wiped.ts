import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '@mitosis/testing';
import type { Scenario } from '../scenario.js';
import type { Site } from '../site.js';
import { underLoad } from '../under-load.js';

/** Sent as people type it: the server needs no library for that. */
async function flushRedis(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write('FLUSHALL\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (!answer.toString().startsWith('+OK')) throw new Error(`FLUSHALL was answered with ${answer.toString()}`);
}

async function truncateQueues({ db }: Site): Promise<void> {
  const { rows } = await db.query<{ tables: string }>(
    `SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS tables FROM pg_tables
     WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'`,
  );
  // A transaction that is in the way may be the one that is chosen to give up, or ours is.
  const truncate = async (): Promise<boolean> =>
    (await db.query(`TRUNCATE ${rows[0]?.tables ?? ''}`)).command === 'TRUNCATE';
  await eventually(truncate, { message: 'TRUNCATE of the tables of BullMQ' });
}

/** What the queues hold is lost: Postgres alone has to rebuild it. */
export const queueWiped: Scenario = {
  id: 'F4',
  title: 'the queues are wiped',
  backends: { short: ['postgres', 'redis'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, isFull, tasks = isFull ? 10_000 : 200 }) => {
    let round = 0;
    return underLoad({
      site: { backend, postgres, isVerbose, workers: 4, slots: 4 },
      tasks,
      minFaults: isFull ? 10 : 2,
      everyMs: isFull ? 10_000 : 6_000,
      inject: async (site) => {
        round += 1;
        const { redis, faults } = site;
        if (!redis) {
          await truncateQueues(site);
          faults.add('BullMQ tables truncated', 'postgres');
        } else if (round % 2 === 0) {
          await flushRedis(redis.port);
          faults.add('FLUSHALL', 'redis');
        } else {
          faults.add('Redis killed, back empty', 'redis');
          await redis.kill();
          await redis.restart();
        }
      },
    });
  },
};
