import type { z } from 'zod';
import type { Access } from '@mitosis/domain';
import type { ParametersIn, PATH_PARAMETERS, PathParameter } from './path-parameters.js';

/**
 * Who may call: `anyone`; `user`, a person who is logged in; `worker`, a registered worker for
 * itself; or the action that the policy module (`isAllowed`) is asked about the object named in the
 * request. `signed`: the URL itself is the credential.
 */
export type OperationAccess = 'anyone' | 'user' | 'worker' | 'signed' | Access['action'];

/**
 * One operation of the API. The declaration drives the router, authentication, parsing, status, audit, the typed
 * client, OpenAPI, the reference and the access matrix: nothing of it is written a second time.
 */
export interface Operation {
  /** Stable, dotted: the object, then what is done with it, for example `tasks.submit`. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As the router has it, parameters with a colon: `/tasks/:uuid`. {@link PATH_PARAMETERS} says what they mean. */
  readonly path: string;
  /** One line, imperative. */
  readonly summary: string;
  readonly access: OperationAccess;
  /** True when a running task may call it, too, with the token of its attempt. */
  readonly isOpenToTasks?: boolean;
  /** The query string, when it means something. */
  readonly query?: z.ZodType;
  /** The body of the request in JSON, when there is one. */
  readonly body?: z.ZodType;
  /** True when a request without a body means the same as one with `{}`. */
  readonly isBodyOptional?: boolean;
  /** True when its body may have 16 MB; others have 2 MB, and 8 KB where anyone may call. */
  readonly isBulky?: boolean;
  /** True when the request may carry an `Idempotency-Key`: the same key gets the same response. */
  readonly takesKey?: boolean;
  /** The body of the response; without one the response is empty, or as `responseType` says. */
  readonly response?: z.ZodType;
  /** Of a success; 200 with a response body and 204 without, when not given. */
  readonly status?: number;
  /** Of a failure that has the same response body. */
  readonly otherStatus?: number;
  /** Path of what was created, for the `Location` header; its parameters are fields of the response. */
  readonly location?: string;
  /** `refusals` when people do it so often that the audit log records only refusals. */
  readonly audit?: 'refusals';
  /** Media type of the response when it is not JSON; `websocket` for an upgrade. */
  readonly responseType?: 'text/event-stream' | 'text/html' | 'text/plain' | 'application/octet-stream' | 'websocket';
}

/** A path whose parameters are all known; otherwise a type that no text has, with the reason in it. */
type KnownPath<Path extends string> =
  Exclude<ParametersIn<Path>, PathParameter> extends never
    ? Path
    : { readonly 'declare this parameter in PATH_PARAMETERS': Exclude<ParametersIn<Path>, PathParameter> };

/** Declares an operation. Its types follow from the schemas: see {@link ParamsOf}, {@link QueryOf}, {@link BodyOf}. */
export function operation<const O extends Operation>(declaration: O & { readonly path: KnownPath<O['path']> }): O {
  return declaration;
}

/** The parameters of an operation's path, as its handler gets them. */
export type ParamsOf<O extends Operation> = {
  readonly [Name in ParametersIn<O['path']> & PathParameter]: z.output<(typeof PATH_PARAMETERS)[Name]>;
};

/** The query of an operation, as its handler gets it; undefined when it has none. */
export type QueryOf<O extends Operation> = O extends { readonly query: infer Q extends z.ZodType }
  ? z.output<Q>
  : undefined;

/** The body of an operation, as its handler gets it; undefined when it has none. */
export type BodyOf<O extends Operation> = O extends { readonly body: infer B extends z.ZodType }
  ? z.output<B>
  : undefined;

/** The response of an operation, as its client gets it; undefined when it has none. */
export type ResponseOf<O extends Operation> = O extends { readonly response: infer R extends z.ZodType }
  ? z.output<R>
  : undefined;
