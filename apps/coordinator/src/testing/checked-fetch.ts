import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { z } from 'zod';
import { openApiDocument, OPERATIONS } from '@mitosis/protocol';

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;
type Responses = Readonly<Record<string, { readonly content?: Content }>>;

interface Described {
  readonly responses: Responses;
  readonly requestBody?: { readonly content: Content };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

const document = openApiDocument('test') as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
};
const schemas = new Map<string, z.ZodType>();

/** Their batches are judged item by item: one with a bad item is answered well, and the item is left out. */
const JUDGED_BY_ITEM = new Set(['workers.claim', 'workers.report']);

/** The operations that were answered so far. */
export const answered = new Set<string>();

function operationOf(method: string, path: string): (typeof OPERATIONS)[number] | undefined {
  const exact = (candidate: string): RegExp =>
    new RegExp(`^${candidate.replace(/\{?\/?\*\w+\}?/g, '/.+').replace(/:\w+/g, '[^/]+')}$`);
  const all = OPERATIONS.filter((operation) => operation.method === method && exact(operation.path).test(path));
  return all.toSorted((a, b) => a.path.split(':').length - b.path.split(':').length)[0];
}

function descriptionOf(operation: (typeof OPERATIONS)[number]): Described | undefined {
  const path = operation.path.replace(/\{?\/?[*:](\w+)\}?/g, '/{$1}');
  return document.paths[path]?.[operation.method.toLowerCase()];
}

function assertMatches(what: string, schema: JsonSchema, value: unknown): void {
  const validator = schemas.get(what) ?? z.fromJSONSchema(schema);
  schemas.set(what, validator);
  const result = validator.safeParse(value);
  if (!result.success) throw new Error(`${what} is not as the API description says: ${z.prettifyError(result.error)}`);
}

/** A request that was answered well is one that the document describes: its parameters and its body. */
function checkRequest(operation: (typeof OPERATIONS)[number], url: URL, body: unknown): void {
  const { parameters = [], requestBody } = descriptionOf(operation) ?? {};
  const known = parameters.flatMap((parameter) => (parameter.in === 'query' ? [parameter.name] : []));
  const unknown = operation.query ? [...url.searchParams.keys()].filter((name) => !known.includes(name)) : [];
  if (unknown.length > 0)
    throw new Error(`${operation.id}: the API description knows no parameter ${unknown.join(', ')}`);
  const schema = requestBody?.content['application/json']?.schema;
  if (schema !== undefined && typeof body === 'string' && body !== '')
    assertMatches(`the request of ${operation.id}`, schema, JSON.parse(body));
}

/** What the document says about an answer: JSON of a schema, something else, or nothing at all. */
function expected(operation: (typeof OPERATIONS)[number], status: number): Content | undefined {
  const responses = descriptionOf(operation)?.responses ?? {};
  return (responses[String(status)] ?? (status >= 400 ? responses.default : undefined))?.content;
}

async function check(method: string, url: URL, body: unknown, response: Response): Promise<void> {
  const operation = operationOf(method, url.pathname);
  if (!operation || (response.status >= 300 && response.status < 400)) return;
  const key = `${operation.id} ${response.status}`;
  if (response.ok) {
    answered.add(operation.id);
    if (!JUDGED_BY_ITEM.has(operation.id)) checkRequest(operation, url, body);
  }
  const content = expected(operation, response.status);
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  if (type !== 'application/json') {
    if (response.ok && (type === '' ? content === undefined : content?.[type] !== undefined)) return;
    throw new Error(`${key}: the API description knows no answer of type "${type}"`);
  }
  const schema = content?.[type]?.schema;
  if (schema === undefined) throw new Error(`${key}: the API description knows no such answer`);
  assertMatches(key, schema, await response.clone().json());
}

const originalRequest = http.request;

/** What the typed client sends over node:http is held against the document, too. A difference ends the test file. */
function watchClient(): void {
  if (http.request !== originalRequest) return;
  http.request = ((...argv: Parameters<typeof http.request>) => {
    const request = originalRequest(...argv);
    const [url] = argv;
    if (url instanceof URL && origins.has(url.origin)) watch(request, url);
    return request;
  }) as typeof http.request;
  syncBuiltinESMExports();
}

function watch(request: ClientRequest, url: URL): void {
  let body: unknown;
  const end = request.end.bind(request);
  request.end = ((...argv: Parameters<typeof end>) => {
    if (Buffer.isBuffer(argv[0]) && /json/.test(String(request.getHeader('content-type')))) body = argv[0].toString();
    return end(...argv);
  }) as typeof end;
  request.once('response', (answer: IncomingMessage) => {
    const pieces: Buffer[] = [];
    const status = answer.statusCode ?? 0;
    const headers = { 'content-type': answer.headers['content-type'] ?? '' };
    // What comes in is copied on its way: a listener would make it flow before its reader is there.
    const push = answer.push.bind(answer);
    answer.push = (piece: unknown, encoding?: BufferEncoding) => {
      if (piece !== null) pieces.push(Buffer.from(piece as Buffer));
      else if (answer.complete && !request.destroyed) {
        const bytes = [204, 304].includes(status) ? null : Buffer.concat(pieces);
        void check(request.method, url, body, new Response(bytes, { status, headers }));
      }
      return push(piece, encoding);
    };
  });
}

const original = globalThis.fetch;
const origins = new Set<string>();

/**
 * From now on every answer of this coordinator, and every request that it
 * takes, is held against its OpenAPI document; a difference fails the request.
 */
export function checkAnswers(url: string): void {
  origins.add(new URL(url).origin);
  watchClient();
  globalThis.fetch = async (input, init) => {
    const request = new URL(input instanceof Request ? input.url : input);
    const response = await original(input, init);
    if (origins.has(request.origin)) await check(init?.method ?? 'GET', request, init?.body, response);
    return response;
  };
}
