import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from '@mitosis/domain';
import { settlesWithin } from '../pause.js';
import type { RedisQueueConfig } from '../queue-config.js';
import { reasonOf } from '../unavailable.js';

/** How long one BZPOPMIN blocks, in seconds. */
export const BLOCK_SECONDS = 10;

const CONNECT_MS = 5_000;
const SILENCE_MS = 15_000;
const KEEP_ALIVE_MS = 10_000;
const RETRY_MAX_MS = 2_000;
const END_MS = 1_000;

export type ClientOptions = Pick<RedisOptions, 'socketTimeout' | 'autoResubscribe'>;

/**
 * A connection that reconnects for ever, with a pause. A command fails when the connection breaks
 * under it or can't be made, instead of waiting for the server; one that gets no reply for 15 s
 * (a half-open connection) breaks it.
 */
export function redisClient(config: RedisQueueConfig, log: Log, options: ClientOptions = {}): Redis {
  const client = new Redis(config.url, {
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(config.password === undefined ? {} : { password: config.password }),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    keepAlive: KEEP_ALIVE_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), RETRY_MAX_MS) * (0.5 + Math.random() / 2),
    ...options,
  });
  // Without a listener ioredis prints each failed reconnect.
  client.on('error', (error) => log.debug({ reason: reasonOf(error) }, 'the connection to Redis failed'));
  return client;
}

/** Starts connecting and leaves it to the retries. */
export function connectInBackground(client: Redis, log: Log): void {
  if (client.status !== 'wait' && client.status !== 'end') return;
  client.connect().catch((error: unknown) => log.debug({ reason: reasonOf(error) }, 'Redis does not answer yet'));
}

/** Ends a connection for good; waits until the socket is closed, and cuts one that does not answer. */
export async function endClient(client: Redis): Promise<void> {
  if (client.status === 'end') return;
  if (client.status === 'reconnecting') {
    // Between two attempts ioredis would end without a word, and what waits for it would hang: begin
    // the next attempt, which the disconnect below refuses.
    client.disconnect();
    client.connect().catch(() => undefined);
  }
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  client.disconnect();
  if (await settlesWithin(END_MS, ended)) return;
  client.stream.destroy();
  await settlesWithin(END_MS, ended);
}
