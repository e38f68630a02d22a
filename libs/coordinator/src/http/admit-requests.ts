import { Router, type RequestHandler, type Response } from 'express';
import { JSON_DEPTH_MAX } from '@mitosis/domain';
import { OPERATIONS, type Operation } from '@mitosis/protocol';
import { demandScope } from '../access/demand.js';
import type { Authenticator } from '../auth/authenticator.js';
import { readJson, type BodyBounds } from './read-body.js';

/** Of a body from somebody who has shown nothing yet, and from those who have. */
const UNKNOWN_CALLER: BodyBounds = { bytes: 8_192, depth: JSON_DEPTH_MAX, values: 1_000 };
const KNOWN_CALLER: BodyBounds = { bytes: 2_097_152, depth: JSON_DEPTH_MAX, values: 100_000 };
/**
 * Of the few operations that say so (`isBulky`): tasks by the thousand, reports with short outputs. What a program
 * wrote may have all the levels that can be stored, and the report has some around it.
 */
const BULKY: BodyBounds = { bytes: 16_777_216, depth: JSON_DEPTH_MAX + 16, values: 250_000 };

/** The operation that a request is for, once it was looked up. */
export function operationOf(res: Response): Operation | undefined {
  return res.locals.operation as Operation | undefined;
}

/** Finds out which operation a request is for, as the routes will. */
export function findOperation(): RequestHandler {
  const routes = Router();
  const parameters = ({ path }: Operation): number => path.split(/[:*]/).length;
  for (const operation of OPERATIONS.toSorted((a, b) => parameters(a) - parameters(b))) {
    const method = operation.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
    routes[method](operation.path, (_req, res, next) => {
      res.locals.operation ??= operation;
      next('router');
    });
  }
  return routes;
}

function boundsOf({ access, isBulky }: Operation): BodyBounds {
  if (access === 'anyone') return UNKNOWN_CALLER;
  return isBulky ? BULKY : KNOWN_CALLER;
}

/**
 * The door of the API. Who calls is found out before a byte of the body is read, and a token is held against
 * what the operation declares (`access`), whatever its route asks later about the object. Only then is the body read.
 */
export function admitRequests({ authenticator }: { readonly authenticator: Authenticator }): RequestHandler {
  return async (req, res, next) => {
    const operation = operationOf(res);
    if (!operation) return next();
    const { access, request } = operation;
    const authorization = req.get('authorization');
    if (access === 'worker') await authenticator.admit('worker', authorization);
    // The metrics can be read with a token of their own.
    else if (access !== 'anyone' && access !== 'signed' && access !== 'metrics.read')
      demandScope(await authenticator.admit('caller', authorization), access);
    if (request) req.body = await readJson(req, boundsOf(operation));
    next();
  };
}
