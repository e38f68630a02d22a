import type { ErrorRequestHandler, RequestHandler } from 'express';
import { z } from 'zod';
import { HTTP_STATUS, MitoError, type Log } from '@mitosis/domain';
import type { ErrorBody } from '@mitosis/protocol';
import { isDatabaseAway } from '../kernel/transaction.js';

/** What body-parser throws for a body that is too large or no JSON. */
interface BodyError extends Error {
  readonly type: string;
}

function isBodyError(error: unknown): error is BodyError {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' && 'status' in error;
}

/** What is wrong with the first field that does not match. */
export function ofZod(error: z.ZodError, whole = 'body'): MitoError {
  const [issue] = error.issues;
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : (issue?.path ?? []);
  const field = path.join('.') || whole;
  const message = issue?.code === 'unrecognized_keys' ? 'there is no such field' : (issue?.message ?? 'is not valid');
  return new MitoError('invalid', 'invalid_request', `${field}: ${message}`, { details: { field } });
}

function ofBody(error: BodyError): MitoError {
  if (error.type === 'entity.too.large')
    return new MitoError('too-large', 'body_too_large', 'the request body is too large');
  return new MitoError('invalid', 'invalid_request', `body: ${error.message}`, { details: { field: 'body' } });
}

/**
 * PostgreSQL's `character_not_in_repertoire` and `untranslatable_character`, and what it says of half a
 * surrogate pair in JSON: no text of ours has a NUL or half a pair.
 */
function isForeignCharacter(error: unknown): boolean {
  const { code, detail } = (error ?? {}) as { readonly code?: unknown; readonly detail?: unknown };
  return ['22021', '22P05'].includes(String(code)) || (code === '22P02' && /surrogate/.test(String(detail)));
}

function toMitoError(error: unknown): MitoError | undefined {
  if (error instanceof MitoError) return error;
  if (error instanceof z.ZodError) return ofZod(error);
  if (isBodyError(error)) return ofBody(error);
  if (error instanceof URIError)
    return new MitoError('invalid', 'invalid_request', 'path: is not well encoded', { details: { field: 'path' } });
  if (isForeignCharacter(error))
    return new MitoError(
      'invalid',
      'invalid_request',
      'request: text must not have NUL characters or half a surrogate pair',
      { cause: error },
    );
  if (isDatabaseAway(error))
    return new MitoError('unavailable', 'database_unavailable', "the database can't be reached; try again", {
      cause: error,
    });
  return undefined;
}

export const answerNotFound: RequestHandler = (req) => {
  throw new MitoError('not-found', 'no_such_route', `there is no ${req.method} ${req.path}`);
};

/** The one error handler: expected errors by their kind, anything else is a bug, logged and not leaked. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const known = toMitoError(error);
    if (!known) log.error({ err: error, method: req.method, path: req.path }, 'a request failed unexpectedly');
    else if (known.kind === 'unavailable') log.warn({ err: error, method: req.method, path: req.path }, known.message);
    if (res.headersSent) return next(error);
    const { status, body } = errorAnswer(error);
    res.locals.errorCode = body.error.code;
    if (known?.kind === 'rate-limited') res.setHeader('Retry-After', String(body.error.details.retry_after_s ?? 1));
    if (known?.kind === 'unavailable') res.setHeader('Retry-After', '1');
    res.status(status).json(body);
  };
}

/** The response to an error. One that is not expected is a bug, and its message is not told. */
export function errorAnswer(error: unknown): {
  readonly status: number;
  readonly body: ErrorBody;
  readonly isBug: boolean;
} {
  const known = toMitoError(error);
  const { code, message, details }: Pick<MitoError, 'code' | 'message' | 'details'> = known ?? {
    code: 'internal_error',
    message: 'the coordinator failed; its log says why',
    details: {},
  };
  return { status: known ? HTTP_STATUS[known.kind] : 500, body: { error: { code, message, details } }, isBug: !known };
}
