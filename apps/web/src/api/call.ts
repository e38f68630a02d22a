import type { ErrorBody } from '@mitosis/protocol';
import { Store } from '../app/store.js';

/** An answer of the coordinator that is not a success, or none at all (`code` is `unreachable`). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  /** The field that was refused. */
  get field(): string | undefined {
    return typeof this.details['field'] === 'string' ? this.details['field'] : undefined;
  }
}

/** Counts how often an answer has said that the login is over. */
export const refusals = new Store(0);

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** True when this browser has a login, as far as a script can see. */
export function hasLogin(): boolean {
  return csrf() !== '';
}

function csrf(): string {
  return /(?:^|; )XSRF-TOKEN=([^;]+)/.exec(document.cookie)?.[1] ?? '';
}

/** Sends one request; the answer is whatever the status says. Throws {@link ApiError} when none comes. */
export async function send(method: Method, path: string, options: CallOptions = {}): Promise<Response> {
  const { body, signal, headers } = options;
  try {
    return await fetch(path.replace(/^\//, ''), {
      method,
      headers: {
        Accept: 'application/json',
        ...(method !== 'GET' && { 'X-XSRF-TOKEN': csrf() }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The coordinator does not answer. This page tries again by itself.');
  }
}

/** The answer of an operation as its schema in libs/protocol says. Throws {@link ApiError}. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (!response.ok) throw await toError(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function toError(response: Response): Promise<ApiError> {
  if (response.status === 401) refusals.set(refusals.value + 1);
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new ApiError(response.status, error.code, error.message, error.details);
  } catch {
    return new ApiError(response.status, 'no_answer', `The coordinator answered ${response.status}.`);
  }
}

/** A query string of what is given. */
export function search(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

/** A value as a part of a path. */
export const part = encodeURIComponent;

/** What to say of a failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
