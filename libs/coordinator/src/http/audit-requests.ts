import type { Request, RequestHandler, Response } from 'express';
import type { Operation } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import { withRequestContext, type RequestContext } from '../audit/request-context.js';
import type { CallerAddress } from '../auth/caller-address.js';
import { operationOf } from './api-router.js';

const DENIED: ReadonlySet<number> = new Set([401, 403, 404, 429]);

/** True for a status that the audit log keeps. */
export const isRefusal = (status: number): boolean => DENIED.has(status);

/** True for what changes something in a person's name; workers' reports are kept with the attempts. */
function isChange({ method, access, audit }: Operation): boolean {
  return (
    method !== 'GET' && audit !== 'refusals' && access !== 'worker' && access !== 'signed' && access !== 'task.read'
  );
}

/**
 * What is refused outside of the API (the board, a path nobody serves)
 * has no operation; a path that leads nowhere is not a refusal.
 */
function actionOf(operation: Operation | undefined, status: number): string | undefined {
  return operation?.id ?? (status === 404 ? undefined : 'http.request');
}

function note(audit: AuditLog, context: RequestContext, req: Request, res: Response): void {
  const operation = operationOf(res);
  const { statusCode: status } = res;
  const isDone = status < 400 && operation !== undefined && isChange(operation) && !context.isRecorded;
  const action = actionOf(operation, status);
  if (action === undefined || (!isDone && !isRefusal(status))) return;
  const code = res.locals.errorCode as string | undefined;
  const details = { status, ...(code !== undefined && { code }) };
  const object = context.object ?? String(res.getHeader('location') ?? req.path);
  withRequestContext(context, () => audit.note({ action, object, outcome: isDone ? 'done' : 'denied', details }));
}

/** Gives each request its context, and notes changes and refusals that were not recorded where they happened. */
export function auditRequests(audit: AuditLog, addressOf: CallerAddress): RequestHandler {
  return (req, res, next) => {
    const change = (): string | undefined => {
      const operation = operationOf(res);
      return operation && isChange(operation) ? operation.id : undefined;
    };
    const context: RequestContext = { address: addressOf(req), change, isRecorded: false };
    res.once('close', () => note(audit, context, req, res));
    withRequestContext(context, next);
  };
}
