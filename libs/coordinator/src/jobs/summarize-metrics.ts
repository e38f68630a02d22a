import { metricNumber } from '@mitosis/domain';
import type { MetricsRow, MetricSummary } from '@mitosis/protocol';

/** JSON has no NaN and no infinities. */
const toWire = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

interface Gathered {
  last: number;
  min: number;
  max: number;
  count: number;
}

/**
 * What a table of results shows of each metric: the last value, and the least and the greatest of those that are
 * numbers. A metric that never was one has NaN for both.
 */
export function summarizeMetrics(rows: readonly MetricsRow[]): Record<string, MetricSummary> {
  const metrics = new Map<string, Gathered>();
  for (const row of rows)
    for (const [name, given] of Object.entries(row)) {
      const value = metricNumber(given);
      if (value === undefined) continue;
      const gathered = metrics.get(name) ?? { last: value, min: NaN, max: NaN, count: 0 };
      metrics.set(name, gathered);
      gathered.last = value;
      gathered.count += 1;
      if (Number.isNaN(value)) continue;
      gathered.min = Number.isNaN(gathered.min) ? value : Math.min(gathered.min, value);
      gathered.max = Number.isNaN(gathered.max) ? value : Math.max(gathered.max, value);
    }
  return Object.fromEntries(
    [...metrics].map(([name, { last, min, max, count }]) => [
      name,
      { last: toWire(last), min: toWire(min), max: toWire(max), count },
    ]),
  );
}
