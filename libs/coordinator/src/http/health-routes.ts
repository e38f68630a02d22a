import type { DataSource } from 'typeorm';
import { operations } from '@mitosis/protocol';
import type { ApiRouter } from './api-router.js';

export interface HealthRouteDeps {
  readonly dataSource: DataSource;
  pingQueue(): Promise<void>;
}

async function check(work: Promise<unknown>): Promise<'ok' | 'unreachable'> {
  const late = new Promise<never>((_, reject) => setTimeout(reject, 3_000, new Error('no answer within 3 s')).unref());
  try {
    await Promise.race([work, late]);
    return 'ok';
  } catch {
    // The user of the connection logs the error; the response says only that there is one.
    return 'unreachable';
  }
}

/** `/health`: the process is alive. `/ready`: it reaches the database and the queue server. */
export function healthRoutes(api: ApiRouter, { dataSource, pingQueue }: HealthRouteDeps): void {
  const { health, ready } = operations.service;
  api.mount(health, () => ({ status: 'ok' as const }));
  // Its status says the same as its body.
  api.mountRaw(ready, async ({ res }) => {
    const [database, queue] = await Promise.all([check(dataSource.query('SELECT 1')), check(pingQueue())]);
    const isReady = database === 'ok' && queue === 'ok';
    res.status(isReady ? 200 : ready.otherStatus).json({ status: isReady ? 'ready' : 'not ready', database, queue });
  });
}
