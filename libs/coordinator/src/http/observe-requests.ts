import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Log } from '@mitosis/domain';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';
import { operationOf } from './api-router.js';

/** The request that the present work belongs to. */
const current = new AsyncLocalStorage<{ readonly request: string }>();

/** A log in which every line says to which request it belongs, when it belongs to one. */
export function withRequestIds(log: Log): Log {
  const add = (fields: object): object => ({ ...current.getStore(), ...fields });
  return {
    debug: (fields, message) => log.debug(add(fields), message),
    info: (fields, message) => log.info(add(fields), message),
    warn: (fields, message) => log.warn(add(fields), message),
    error: (fields, message) => log.error(add(fields), message),
  };
}

/**
 * Gives each request an id, the caller's `X-Request-Id` when it is one, which is in every line of
 * the log and in the answer; measures how long it takes.
 */
export function observeRequests(log: Log, metrics: Pick<CoordinatorMetrics, 'requested'>): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const request = given !== undefined && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    res.setHeader('X-Request-Id', request);
    const begunAt = performance.now();
    const { method, path } = req;
    res.once('close', () => {
      const seconds = (performance.now() - begunAt) / 1000;
      const status = res.writableFinished ? res.statusCode : 499;
      metrics.requested(method, routeOf(path, req.route ?? operationOf(res)), status, seconds);
      log.debug({ request, method, path, status, ms: Math.round(seconds * 1000) }, 'request');
    });
    current.run({ request }, next);
  };
}

/** The pattern of the path, never the path itself: the number of patterns is bounded. */
function routeOf(path: string, route: { readonly path?: unknown } | undefined): string {
  if (/^\/board(\/|$)/.test(path)) return '/board';
  if (path.startsWith('/objects/')) return '/objects';
  return typeof route?.path === 'string' ? route.path : 'none';
}
