import { createHash, timingSafeEqual } from 'node:crypto';
import { isAllowed, MitoError, type Log } from '@mitosis/domain';
import { operations } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';
import type { FleetFigures } from '../metrics/fleet-figures.js';
import type { FleetGauges } from '../metrics/fleet-gauges.js';
import type { ApiRouter } from './api-router.js';

export interface MetricsRouteDeps {
  readonly metrics: CoordinatorMetrics;
  readonly figures: FleetFigures;
  readonly gauges: FleetGauges;
  readonly log: Log;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Recognizes the `Authorization` header of a scraper, which needs no account when there is a token for it. */
export function isScraperWith(scrapeToken: string | undefined): (authorization: string | undefined) => boolean {
  if (scrapeToken === undefined) return () => false;
  const expected = digest(`Bearer ${scrapeToken}`);
  return (authorization) => timingSafeEqual(digest(authorization ?? ''), expected);
}

/** An actor is a person; the scraper is none and was recognized. */
function assertReader(actor: UserActor | undefined): void {
  if (actor && !isAllowed(actor, { action: 'metrics.read' }))
    throw new MitoError('forbidden', 'admin_required', 'the metrics are for site administrators');
}

/** `/metrics` for Prometheus and `/metrics/summary` for people: for site administrators. */
export function metricsRoutes(api: ApiRouter, { metrics, figures, gauges, log }: MetricsRouteDeps): void {
  const { metrics: all, metricsSummary } = operations.service;
  api.mountRaw(all, async ({ actor, res }) => {
    assertReader(actor);
    const read = await figures
      .read()
      .catch((error: unknown) => void log.warn({ err: error }, 'the figures of the fleet were not read'));
    gauges.set(read ?? undefined);
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  api.mount(metricsSummary, ({ actor }) => {
    assertReader(actor);
    return figures.read();
  });
}
