import { z } from 'zod';
import { MetricsSummary } from '../metrics.js';
import { operation } from './operation.js';

const Reachable = z.enum(['ok', 'unreachable']);

export const serviceOperations = {
  service: {
    health: operation({
      id: 'service.health',
      method: 'GET',
      path: '/health',
      summary: 'Say that the process is alive',
      access: 'anyone',
      response: z.object({ status: z.literal('ok') }),
    }),
    ready: operation({
      id: 'service.ready',
      method: 'GET',
      path: '/ready',
      summary: 'Say whether database and queue can be reached (503 when not)',
      access: 'anyone',
      otherStatus: 503,
      response: z.object({ status: z.enum(['ready', 'not ready']), database: Reachable, queue: Reachable }),
    }),
    openapi: operation({
      id: 'service.openapi',
      method: 'GET',
      path: '/openapi.json',
      summary: 'Describe the API',
      access: 'anyone',
      response: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
    }),
    metrics: operation({
      id: 'service.metrics',
      method: 'GET',
      path: '/metrics',
      summary: 'Show all metrics, in the format of Prometheus',
      access: 'metrics.read',
      responseType: 'text/plain',
    }),
    metricsSummary: operation({
      id: 'service.metrics-summary',
      method: 'GET',
      path: '/metrics/summary',
      summary: 'Show what matters at a glance',
      access: 'metrics.read',
      response: MetricsSummary,
    }),
  },
};
