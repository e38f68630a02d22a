import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { WebSocket } from 'ws';
import type { z } from 'zod';
import { invalidField, JSON_DEPTH_MAX, MitoError } from '@mitosis/domain';
import {
  parametersIn,
  PATH_PARAMETERS,
  type BodyOf,
  type Operation,
  type ParamsOf,
  type QueryOf,
} from '@mitosis/protocol';
import type { Authenticator, UserActor, WorkerActor } from '../auth/authenticator.js';
import { demandScope } from '../auth/demand.js';
import { admitBrowser } from './browser-logins.js';
import { CallerShare } from './caller-share.js';
import { readJson, type BodyBounds } from './read-body.js';
import { whileAllowed } from './while-allowed.js';

/** Of a body from somebody who has shown nothing yet, and from those who have. */
const UNKNOWN_CALLER: BodyBounds = { bytes: 8_192, depth: JSON_DEPTH_MAX, values: 1_000 };
const KNOWN_CALLER: BodyBounds = { bytes: 2_097_152, depth: JSON_DEPTH_MAX, values: 100_000 };
/**
 * Of the few operations that say so (`isBulky`): tasks by the thousand, reports with short outputs. What a program
 * wrote may have all the levels that can be stored, and the report has some around it.
 */
const BULKY: BodyBounds = { bytes: 16_777_216, depth: JSON_DEPTH_MAX + 16, values: 250_000 };

/** A body that takes longer than this gives time to take a right away: the caller is identified again. */
const IDENTIFIED_MS = 1_000;

/** Who calls an operation; undefined where nobody is asked, and for metrics that are read with their own token. */
export type ActorOf<O extends Operation> = O['access'] extends 'anyone' | 'signed'
  ? undefined
  : O['access'] extends 'worker'
    ? WorkerActor
    : O['access'] extends 'metrics.read'
      ? UserActor | undefined
      : UserActor;

/** One request, authenticated and parsed by the declaration of its operation. */
export interface Call<O extends Operation> {
  readonly actor: ActorOf<O>;
  readonly params: ParamsOf<O>;
  readonly query: QueryOf<O>;
  readonly body: BodyOf<O>;
  /** The `Idempotency-Key` header, for operations that take one (`takesKey`). */
  readonly idempotencyKey: string | undefined;
  /** Fires when the client has gone away before the response. */
  readonly signal: AbortSignal;
  /** Identifies the caller again: a request that waits may outlive its credentials. */
  again(): Promise<ActorOf<O>>;
  /** Fires like `signal`, and when `check`, which is repeated, refuses: the caller has lost the right to wait. */
  whileAllowed(check: () => Promise<unknown>): AbortSignal;
}

/** The same for a handler that reads the body or sends the response itself; `body` is not parsed. */
export interface RawCall<O extends Operation> extends Omit<Call<O>, 'body'> {
  readonly req: Request;
  readonly res: Response;
}

type ReadonlyDeep<T> = T extends object ? { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> } : T;

/** What a handler returns: the response, as its schema takes it. */
type ResultOf<O extends Operation> = O extends { readonly response: infer R extends z.ZodType }
  ? ReadonlyDeep<z.input<R>>
  : void;

/** A request for a WebSocket, authenticated and parsed as any other. */
export interface SocketCall<O extends Operation> extends Pick<
  Call<O>,
  'actor' | 'params' | 'query' | 'signal' | 'again' | 'whileAllowed'
> {
  /** The request asks for no WebSocket: it is to be authorized, and nothing is to be begun. */
  readonly isProbe: boolean;
  /** Records in the audit log that it was done. */
  note(details: Readonly<Record<string, unknown>>): void;
}

/** Takes over the WebSocket of a request. */
export type AcceptSocket = (socket: WebSocket) => void;

interface MountedSocket {
  readonly operation: Operation;
  readonly prepare: (call: SocketCall<Operation>) => Promise<AcceptSocket>;
}

interface Mounted {
  readonly operation: Operation;
  readonly handle: (call: RawCall<Operation>) => Promise<void>;
}

export interface ApiRouterOptions {
  readonly authenticator: Authenticator;
  /** True for the `Authorization` header of a scraper, which reads metrics without an account. */
  isScraper(authorization: string | undefined): boolean;
}

/** The operation that a request is for, once it was looked up. */
export function operationOf(res: Response): Operation | undefined {
  return res.locals.operation as Operation | undefined;
}

/**
 * The door of the API. An operation is mounted with a handler; its declaration says who may call, what is parsed and
 * what the response looks like. The caller is identified before a byte of the body is read.
 */
export class ApiRouter {
  private readonly mounted: Mounted[] = [];
  private readonly sockets: MountedSocket[] = [];
  private readonly share = new CallerShare();

  constructor(private readonly options: ApiRouterOptions) {}

  /** Serves `operation`: what `handler` returns is the response, with the status and location that are declared. */
  mount<O extends Operation>(operation: O, handler: (call: Call<O>) => ResultOf<O> | Promise<ResultOf<O>>): void {
    this.mountRaw(operation, async (call) => {
      const { req, res } = call;
      const { body, isBodyOptional, response, location } = operation;
      const parsed = body?.parse(isBodyOptional ? (req.body ?? {}) : req.body) as BodyOf<O>;
      const caller = callerOf(call.actor as UserActor | WorkerActor | undefined);
      const leave = caller === undefined ? () => {} : await this.share.enter(caller, call.signal);
      // A request that waits for something to happen takes nothing from anybody meanwhile.
      const whileAllowed = (check: () => Promise<unknown>): AbortSignal => {
        leave();
        return call.whileAllowed(check);
      };
      try {
        const result = await handler({ ...call, whileAllowed, body: parsed });
        if (!response) return void res.status(operation.status ?? 204).end();
        const content = response.parse(result) as Readonly<Record<string, unknown>>;
        if (location) res.location(location.replace(/:(\w+)/g, (_, field: string) => String(content[field])));
        res.status(operation.status ?? 200).json(content);
      } finally {
        leave();
      }
    });
  }

  /** Serves an operation whose body or response is not JSON of a schema: streams, uploads, batches judged by item. */
  mountRaw<O extends Operation>(operation: O, handler: (call: RawCall<O>) => Promise<void>): void {
    this.mounted.push({ operation, handle: handler as unknown as Mounted['handle'] });
  }

  /**
   * Serves an operation that is a WebSocket. `prepare` throws what the request is refused for, before the upgrade; a
   * request that asks for no upgrade is authorized in the same way.
   */
  mountSocket<O extends Operation>(operation: O, prepare: (call: SocketCall<O>) => Promise<AcceptSocket>): void {
    this.sockets.push({ operation, prepare: prepare as unknown as MountedSocket['prepare'] });
    this.mountRaw(operation, async (call) => {
      await prepare({ ...call, isProbe: true, note: () => undefined });
      throw new MitoError('invalid', 'upgrade_required', 'open this operation as a WebSocket');
    });
  }

  /** The operation that is a WebSocket at `path`. */
  socketAt(path: string): Operation | undefined {
    return this.findSocket(path)?.operation;
  }

  /** Authorizes an upgrade request; undefined when there is no WebSocket at its path. */
  async prepareSocket(
    req: IncomingMessage,
    connection: Duplex,
    note: SocketCall<Operation>['note'],
  ): Promise<AcceptSocket | undefined> {
    const url = new URL(req.url ?? '/', 'http://coordinator');
    const found = this.findSocket(url.pathname);
    if (!found) return undefined;
    const { operation, prepare, params } = found;
    const again = (): Promise<ActorOf<Operation>> => this.identify(operation, req.headers.authorization);
    const signal = closedSignal(connection);
    return prepare({
      actor: await again(),
      params: paramsOf(operation, params),
      query: operation.query?.parse(Object.fromEntries(url.searchParams)) as undefined,
      signal,
      again,
      whileAllowed: (check) => whileAllowed(signal, check),
      isProbe: false,
      note,
    });
  }

  private findSocket(
    path: string,
  ): (MountedSocket & { readonly params: Readonly<Record<string, string>> }) | undefined {
    for (const one of this.sockets) {
      const pattern = new RegExp(`^${one.operation.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
      const match = pattern.exec(path);
      if (match) return { ...one, params: { ...match.groups } };
    }
    return undefined;
  }

  /** The operations that are served, as `METHOD /path`. */
  get routes(): readonly string[] {
    return this.mounted.map(({ operation: { method, path } }) => `${method} ${path}`);
  }

  /**
   * Routes for all that is mounted by now. A path with fewer parameters comes first: `/tasks/count`, `/tasks/:uuid`.
   */
  router(): Router {
    const router = Router();
    const parameters = ({ operation: { path } }: Mounted): number => parametersIn(path).length;
    for (const one of this.mounted.toSorted((a, b) => parameters(a) - parameters(b))) {
      const method = one.operation.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
      router[method](one.operation.path, this.serve(one));
    }
    return router;
  }

  private serve({ operation, handle }: Mounted): RequestHandler {
    return async (req, res) => {
      res.locals.operation = operation;
      admitBrowser(operation, req, res);
      const again = (): Promise<ActorOf<Operation>> => this.identify(operation, req.get('authorization'));
      const identifiedAt = performance.now();
      let actor = await again();
      if (operation.body) req.body = await readJson(req, boundsOf(operation));
      if (performance.now() - identifiedAt > IDENTIFIED_MS) actor = await again();
      const signal = closedSignal(res);
      await handle({
        actor,
        params: paramsOf(operation, req.params),
        query: operation.query?.parse(req.query) as undefined,
        idempotencyKey: operation.takesKey ? idempotencyKey(req) : undefined,
        signal,
        again,
        whileAllowed: (check) => whileAllowed(signal, check),
        req,
        res,
      });
    };
  }

  /** Finds out who calls, and holds the token against what the operation declares. */
  private async identify({ access, isOpenToTasks }: Operation, authorization: string | undefined) {
    const { authenticator, isScraper } = this.options;
    if (access === 'anyone' || access === 'signed') return undefined as never;
    if (access === 'worker') return (await authenticator.worker(authorization)) as never;
    if (access === 'metrics.read' && isScraper(authorization)) return undefined as never;
    const caller = await authenticator.caller(authorization);
    demandScope(caller, access);
    const isTask = caller.task !== undefined;
    return (isTask && !isOpenToTasks ? await authenticator.user(authorization) : caller) as never;
  }
}

/** Who shares the turns of {@link CallerShare}: a person, or one running task. Workers have their own bounds. */
function callerOf(actor: UserActor | WorkerActor | undefined): string | undefined {
  return actor?.kind === 'user' ? (actor.task ?? actor.userId) : undefined;
}

function boundsOf({ access, isBulky }: Operation): BodyBounds {
  if (access === 'anyone') return UNKNOWN_CALLER;
  return isBulky ? BULKY : KNOWN_CALLER;
}

/** The parameters of the path; one that is not what it has to be is 400 and named. */
function paramsOf({ path }: Operation, given: Readonly<Record<string, unknown>>): never {
  const parsed = parametersIn(path).map((name) => {
    const result = PATH_PARAMETERS[name].safeParse(given[name]);
    if (!result.success) throw invalidField(name, result.error.issues[0]?.message ?? 'is not valid');
    return [name, result.data];
  });
  return Object.fromEntries(parsed) as never;
}

/** The `Idempotency-Key` header, 1 to 255 printable characters, when there is one. */
function idempotencyKey(req: Request): string | undefined {
  const key = req.get('idempotency-key');
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalidField('Idempotency-Key', 'use 1 to 255 printable characters');
  }
  return key;
}

function closedSignal(connection: Response | Duplex): AbortSignal {
  const controller = new AbortController();
  connection.once('close', () => controller.abort());
  return controller.signal;
}
