import { OPERATIONS, openApiDocument } from '@mitosis/protocol';
import { z } from 'zod';

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;
type Responses = Readonly<Record<string, { readonly content?: Content }>>;

const document = openApiDocument('test') as { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Responses }>>>> };
const schemas = new Map<string, z.ZodType>();

/** The operations that were answered so far. */
export const answered = new Set<string>();

function operationOf(method: string, path: string): (typeof OPERATIONS)[number] | undefined {
  const exact = (candidate: string): RegExp => new RegExp(`^${candidate.replace(/\{?\/?\*\w+\}?/g, '/.+').replace(/:\w+/g, '[^/]+')}$`);
  const all = OPERATIONS.filter((operation) => operation.method === method && exact(operation.path).test(path));
  return all.toSorted((a, b) => a.path.split(':').length - b.path.split(':').length)[0];
}

/** What the document says about an answer: JSON of a schema, something else, or nothing at all. */
function expected(operation: (typeof OPERATIONS)[number], status: number): Content | undefined {
  const path = operation.path.replace(/\{?\/?[*:](\w+)\}?/g, '/{$1}');
  const responses = document.paths[path]?.[operation.method.toLowerCase()]?.responses ?? {};
  return (responses[String(status)] ?? (status >= 400 ? responses.default : undefined))?.content;
}

async function check(method: string, path: string, response: Response): Promise<void> {
  const operation = operationOf(method, path);
  if (!operation || (response.status >= 300 && response.status < 400)) return;
  const key = `${operation.id} ${response.status}`;
  if (response.ok) answered.add(operation.id);
  const content = expected(operation, response.status);
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  if (type !== 'application/json') {
    if (response.ok && (type === '' ? content === undefined : content?.[type] !== undefined)) return;
    throw new Error(`${key}: the API description knows no answer of type "${type}"`);
  }
  const schema = content?.[type]?.schema;
  if (schema === undefined) throw new Error(`${key}: the API description knows no such answer`);
  const validator = schemas.get(key) ?? z.fromJSONSchema(schema);
  schemas.set(key, validator);
  const result = validator.safeParse(await response.clone().json());
  if (!result.success) throw new Error(`${key} is not as the API description says: ${z.prettifyError(result.error)}`);
}

const original = globalThis.fetch;
const origins = new Set<string>();

/** From now on every answer of this coordinator is held against its OpenAPI document; a difference fails the request. */
export function checkAnswers(url: string): void {
  origins.add(new URL(url).origin);
  globalThis.fetch = async (input, init) => {
    const request = new URL(input instanceof Request ? input.url : input);
    const response = await original(input, init);
    if (origins.has(request.origin)) await check(init?.method ?? 'GET', request.pathname, response);
    return response;
  };
}
