import { z } from 'zod';
import { MetricsSummary } from '../metrics.js';
import type { Operation } from './operation.js';

const Reachable = z.enum(['ok', 'unreachable']);

export const SERVICE_OPERATIONS: readonly Operation[] = [
  {
    id: 'service.health',
    method: 'GET',
    path: '/health',
    summary: 'Say that the process is alive',
    access: 'anyone',
    answer: z.object({ status: z.literal('ok') }),
  },
  {
    id: 'service.ready',
    method: 'GET',
    path: '/ready',
    summary: 'Say whether database and queue can be reached (503 when not)',
    access: 'anyone',
    otherStatus: 503,
    answer: z.object({ status: z.enum(['ready', 'not ready']), database: Reachable, queue: Reachable }),
  },
  {
    id: 'service.openapi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'Describe the API',
    access: 'anyone',
    answer: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
  },
  {
    id: 'service.metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Show all metrics, in the format of Prometheus',
    access: 'metrics.read',
    answerType: 'text/plain',
  },
  {
    id: 'service.metrics-summary',
    method: 'GET',
    path: '/metrics/summary',
    summary: 'Show what matters at a glance',
    access: 'metrics.read',
    answer: MetricsSummary,
  },
];
