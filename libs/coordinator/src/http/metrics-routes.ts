import { createHash, timingSafeEqual } from 'node:crypto';
import { Router, type Request } from 'express';
import { isAllowed, MitoError, type Log } from '@mitosis/domain';
import { MetricsSummary } from '@mitosis/protocol';
import type { Authenticator } from '../auth/authenticator.js';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';
import type { FleetFigures } from '../metrics/fleet-figures.js';
import type { FleetGauges } from '../metrics/fleet-gauges.js';

export interface MetricsRouteDeps {
  readonly authenticator: Authenticator;
  readonly metrics: CoordinatorMetrics;
  readonly figures: FleetFigures;
  readonly gauges: FleetGauges;
  /** With this bearer token a scraper needs no account. */
  readonly scrapeToken: string | undefined;
  readonly log: Log;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** `/metrics` for Prometheus and `/metrics/summary` for people: for site administrators. */
export function metricsRoutes({ authenticator, metrics, figures, gauges, scrapeToken, log }: MetricsRouteDeps): Router {
  const assertReader = async (req: Request): Promise<void> => {
    const header = req.get('authorization');
    if (scrapeToken !== undefined && timingSafeEqual(digest(header ?? ''), digest(`Bearer ${scrapeToken}`))) return;
    const actor = await authenticator.user(header);
    if (!isAllowed(actor, { action: 'metrics.read' })) {
      throw new MitoError('forbidden', 'admin_required', 'the metrics are for site administrators');
    }
  };
  const routes = Router();
  routes.get('/metrics', async (req, res) => {
    await assertReader(req);
    const read = await figures
      .read()
      .catch((error: unknown) => void log.warn({ err: error }, 'the figures of the fleet were not read'));
    gauges.set(read ?? undefined);
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  routes.get('/metrics/summary', async (req, res) => {
    await assertReader(req);
    res.json(MetricsSummary.parse(await figures.read()));
  });
  return routes;
}
