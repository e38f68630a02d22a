import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { addressUrl, anySignal, MitoError } from '@mitosis/domain';
import { ErrorBody, errorKindOf, type Operation, type ResponseOf } from '@mitosis/protocol';
import { pathOf, type AnyInput, type InputOf } from './call-operation.js';
import { sendStream } from './files/signed-transfer.js';
import { Answer, unreachable } from './net/answer.js';
import { IDLE_MS, openRequest } from './net/open-request.js';
import type { TaskSocket, TaskSocketOptions } from './net/task-socket.js';

export interface TransportOptions {
  /** Of the coordinator, e.g. `http://127.0.0.1:5000`. */
  readonly url: string;
  readonly token?: string | undefined;
  /** How long a request that may be repeated is tried while the coordinator can't be reached; 0: once. */
  readonly retryMs?: number | undefined;
  /** Aborts every request of this client. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each request when it is over, by the id under which the coordinator has it in its log. */
  readonly onRequest?: ((request: SentRequest) => void) | undefined;
}

export interface SentRequest {
  readonly request: string;
  readonly method: string;
  readonly path: string;
  /** Undefined when no answer came. */
  readonly status: number | undefined;
  readonly ms: number;
}

export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as they are, instead of `body`. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** For the answer to begin, in ms. */
  readonly timeoutMs?: number;
  /** False for a request that must not be sent twice. */
  readonly isRepeatable?: boolean;
  /** Instead of the client's own `retryMs`. */
  readonly retryMs?: number | undefined;
}

const TIMEOUT_MS = 30_000;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 2_000;

async function toError(answer: Pick<Answer, 'status' | 'statusText' | 'header' | 'text'>): Promise<MitoError> {
  const text = await answer.text();
  const kind = errorKindOf(answer.status) ?? (answer.status >= 500 ? 'unavailable' : 'invalid');
  try {
    const { error } = ErrorBody.parse(JSON.parse(text));
    const request = answer.header('x-request-id');
    const message =
      answer.status >= 500 && request !== undefined ? `${error.message} (request ${request})` : error.message;
    return new MitoError(kind, error.code, message, { details: error.details });
  } catch {
    const place = answer.header('location');
    const moved = answer.status >= 300 && answer.status < 400 && place !== undefined;
    const advice = moved ? `: it points to ${place}; use that address` : '';
    return new MitoError(
      kind,
      'unexpected_answer',
      `the coordinator answered ${answer.status} ${answer.statusText}${advice}`,
    );
  }
}

/** Requests to one coordinator: errors become {@link MitoError}s, a coordinator that is away is tried again. */
export class Transport {
  constructor(private readonly options: TransportOptions) {}

  get url(): string {
    return this.options.url;
  }

  /** Calls an operation of the API: method, path, schemas and whether a key is sent follow from its declaration. */
  async call<O extends Operation>(operation: O, ...input: InputOf<O>): Promise<ResponseOf<O>> {
    const answer = await this.request(operation, ...input);
    const { response } = operation as Operation;
    if (!response) return void (await answer.bytes()) as ResponseOf<O>;
    return response.parse(await answer.json()) as ResponseOf<O>;
  }

  /** The same for operations that are read as they come: streams of events, and files. */
  async request<O extends Operation>(operation: O, ...[input]: InputOf<O>): Promise<Answer> {
    const { method, takesKey } = operation as Operation;
    const { params, query, idempotencyKey, ...options } = (input ?? {}) as AnyInput;
    if (!takesKey) return this.send(method, pathOf(operation, { params, query }), options);
    const headers = { 'Idempotency-Key': idempotencyKey ?? randomUUID(), ...options.headers };
    return this.send(method, pathOf(operation, { params, query }), { isRepeatable: true, ...options, headers });
  }

  /** The answer when its status is 2xx. Throws a MitoError otherwise, and the signal's reason when aborted. */
  async send(method: string, path: string, request: RequestOptions = {}): Promise<Answer> {
    const options = { ...request, signal: this.signalWith(request.signal) };
    const isRepeatable = options.isRepeatable ?? (method !== 'POST' && method !== 'PATCH');
    const deadline = performance.now() + (isRepeatable ? (options.retryMs ?? this.options.retryMs ?? 2_000) : 0);
    for (let waitMs = BACKOFF_FIRST_MS; ; waitMs = Math.min(waitMs * 2, BACKOFF_MAX_MS)) {
      try {
        return await this.once(method, path, options);
      } catch (error) {
        const isPassing = error instanceof MitoError && error.kind === 'unavailable';
        const pauseMs = waitMs * (0.5 + Math.random());
        if (!isPassing || performance.now() + pauseMs > deadline) throw error;
        await delay(pauseMs, undefined, { signal: options.signal });
      }
    }
  }

  /** Calls an operation with a body of any kind and length as it comes, once. */
  async stream<O extends Operation>(operation: O, body: Readable, ...[input]: InputOf<O>): Promise<ResponseOf<O>> {
    const { method, response } = operation as Operation & { readonly method: 'PUT' };
    const { params, query, signal } = (input ?? {}) as AnyInput;
    const headers = {
      'Content-Type': 'application/octet-stream',
      ...(this.options.token && { Authorization: `Bearer ${this.options.token}` }),
    };
    const answer = await sendStream(
      { method, url: addressUrl(this.options.url, pathOf(operation, { params, query })), headers },
      body,
      this.signalWith(signal),
    );
    const { status, text } = answer;
    if (status < 200 || status > 299)
      throw await toError({ status, statusText: '', header: () => undefined, text: async () => text });
    return response?.parse(JSON.parse(text)) as ResponseOf<O>;
  }

  /** Opens an operation that is a WebSocket into a running task. */
  async openSocket(
    path: string,
    options: Omit<TaskSocketOptions, 'url' | 'path' | 'token' | 'toError'>,
  ): Promise<TaskSocket> {
    const { url, token } = this.options;
    // Loaded late: few commands need it.
    const { TaskSocket } = await import('./net/task-socket.js');
    return TaskSocket.open({ ...options, url, path, token, toError, signal: this.signalWith(options.signal) });
  }

  /** Aborted by the client's own signal or by that of one call. */
  signalWith(own: AbortSignal | undefined): AbortSignal | undefined {
    const { signal } = this.options;
    return signal && own ? anySignal([signal, own]) : (own ?? signal);
  }

  private async once(method: string, path: string, options: RequestOptions): Promise<Answer> {
    const { timeoutMs = TIMEOUT_MS, signal } = options;
    const request = randomUUID();
    const begunAt = performance.now();
    let answer: Answer | undefined;
    try {
      signal?.throwIfAborted();
      answer = await this.exchange(request, method, path, { ...options, timeoutMs });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof MitoError) throw cause;
      throw unreachable(this.options.url, cause);
    } finally {
      this.options.onRequest?.({
        request,
        method,
        path,
        status: answer?.status,
        ms: Math.round(performance.now() - begunAt),
      });
    }
    if (!answer.ok) throw await toError(answer);
    return answer;
  }

  private async exchange(
    id: string,
    method: string,
    path: string,
    { body, bytes, headers, signal, timeoutMs }: RequestOptions & { readonly timeoutMs: number },
  ): Promise<Answer> {
    const sent = bytes ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
    const outgoing = {
      method,
      url: addressUrl(this.options.url, path),
      idleMs: Math.max(IDLE_MS, timeoutMs),
      headers: {
        'X-Request-Id': id,
        ...(this.options.token && { Authorization: `Bearer ${this.options.token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(sent !== undefined && { 'Content-Length': sent.length }),
        ...headers,
      },
    };
    const request = openRequest(outgoing, signal);
    const late = (): void => void request.destroy(new Error(`no answer within ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    try {
      const response = once(request, 'response') as Promise<[IncomingMessage]>;
      request.end(sent);
      return new Answer((await response)[0], this.options.url, signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
