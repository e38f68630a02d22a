import { OPERATIONS, type Operation } from '@mitosis/protocol';
import type { Request, RequestHandler, Response } from 'express';
import type { AuditLog } from '../audit/audit-log.js';
import { type RequestContext, withRequestContext } from '../audit/request-context.js';

const byRoute = new Map(OPERATIONS.map((operation) => [`${operation.method} ${operation.path}`, operation]));
const DENIED: ReadonlySet<number> = new Set([401, 403, 404]);

/** True for what changes something in a person's name; workers' reports are kept with the attempts. */
function isChange({ method, access }: Operation): boolean {
  return method !== 'GET' && access !== 'worker' && access !== 'signed' && access !== 'task.read';
}

function note(audit: AuditLog, context: RequestContext, req: Request, res: Response): void {
  const route = req.route as { path?: string } | undefined;
  const operation = byRoute.get(`${req.method} ${route?.path ?? ''}`);
  if (!operation) return;
  const { statusCode: status } = res;
  const isDone = status < 400 && isChange(operation) && !context.isRecorded;
  if (!isDone && !DENIED.has(status)) return;
  const code = res.locals.errorCode as string | undefined;
  const details = { status, ...(code !== undefined && { code }) };
  const object = String(res.getHeader('location') ?? req.path);
  withRequestContext(context, () => audit.note({ action: operation.id, object, outcome: isDone ? 'done' : 'denied', details }));
}

/** Gives each request its context, and notes changes and refusals that were not recorded where they happened. */
export function auditRequests(audit: AuditLog): RequestHandler {
  return (req, res, next) => {
    const context: RequestContext = { address: req.socket.remoteAddress ?? '', isRecorded: false };
    res.once('close', () => note(audit, context, req, res));
    withRequestContext(context, next);
  };
}
