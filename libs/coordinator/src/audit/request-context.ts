import { AsyncLocalStorage } from 'node:async_hooks';

/** Who turned out to have sent a request. */
export interface RequestActor {
  readonly kind: 'user' | 'worker' | 'system';
  readonly id: string | null;
  readonly name: string;
}

/** What the audit log needs to know of the request that is being served. */
export interface RequestContext {
  readonly address: string;
  /** What is asked for, when that changes something in a person's name; known once the route was found. */
  readonly change: () => string | undefined;
  actor?: RequestActor;
  /** What it is about, where the path does not say so. */
  object?: string;
  /** The change was recorded in the transaction that made it. */
  isRecorded: boolean;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` with a context that everything called from it finds. */
export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Undefined for what the coordinator does by itself. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** Notes who the caller is, once that is known. */
export function identifyCaller(actor: RequestActor): void {
  const context = storage.getStore();
  if (context) context.actor = actor;
}

/** Notes what the request is about, for the case that it is refused. */
export function identifyObject(object: string): void {
  const context = storage.getStore();
  if (context) context.object = object;
}
