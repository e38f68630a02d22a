import { Router } from 'express';
import type { DataSource } from 'typeorm';

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
    // What is wrong is in the log of whoever uses the connection; here only that it is.
    return 'unreachable';
  }
}

/** `/health`: the process is alive. `/ready`: it reaches the database and the queue server. */
export function healthRoutes({ dataSource, pingQueue }: HealthRouteDeps): Router {
  const routes = Router();
  routes.get('/health', (_req, res) => void res.json({ status: 'ok' }));
  routes.get('/ready', async (_req, res) => {
    const [database, queue] = await Promise.all([check(dataSource.query('SELECT 1')), check(pingQueue())]);
    const isReady = database === 'ok' && queue === 'ok';
    res.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready', database, queue });
  });
  return routes;
}
