import type { z } from 'zod';
import type { Operation, ParamsOf } from '@mitosis/protocol';
import { pathPart, queryString } from './query-string.js';

/** Conditions of a query by their names; a list means what its operation says of lists. */
type QueryInput<Q extends z.ZodType> = {
  readonly [Name in keyof z.input<Q>]?: string | number | boolean | readonly string[] | undefined;
};

type ReadonlyDeep<T> = T extends object ? { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> } : T;

interface CallSettings {
  /** Sent as they are, for operations whose body is not JSON. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** For operations that take one; one is drawn for each call when left out. */
  readonly idempotencyKey?: string | undefined;
  /** For the response to begin, in ms. */
  readonly timeoutMs?: number;
  /** True when sending it twice does no more than sending it once; GET, PUT, DELETE and keyed requests are. */
  readonly isRepeatable?: boolean;
  /** Instead of the client's own `retryMs`. */
  readonly retryMs?: number | undefined;
}

/** What a call of an operation carries, as its declaration says. */
export type CallInput<O extends Operation> = CallSettings &
  (keyof ParamsOf<O> extends never ? unknown : { readonly params: { readonly [N in keyof ParamsOf<O>]: string } }) &
  (O extends { readonly query: infer Q extends z.ZodType } ? { readonly query?: QueryInput<Q> } : unknown) &
  (O extends { readonly body: infer B extends z.ZodType } ? { readonly body: ReadonlyDeep<z.input<B>> } : unknown);

/** The arguments of a call: none where nothing has to be given. */
export type InputOf<O extends Operation> = {} extends CallInput<O> ? [input?: CallInput<O>] : [input: CallInput<O>];

/** What a call of any operation may carry. */
export type AnyInput = CallSettings & {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: object | undefined;
  readonly body?: unknown;
};

/**
 * The path of a call with its parameters and conditions. Throws `invalid_request` for a parameter that names nothing.
 */
export function pathOf(operation: Operation, { params, query }: Pick<AnyInput, 'params' | 'query'>): string {
  const path = operation.path.replace(/:(\w+)/g, (_, name: string) => pathPart(params?.[name] ?? ''));
  const conditions = queryString(query ?? {});
  return conditions === '' ? path : `${path}?${conditions}`;
}
