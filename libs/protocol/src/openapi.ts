import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { ErrorBody } from './errors.js';
import { OPERATIONS } from './operations.js';
import type { Operation } from './operations/operation.js';
import { parametersIn } from './operations/path-parameters.js';

const JSON_TYPE = 'application/json';

const KEY_HEADER = z.object({
  'Idempotency-Key': z.string().optional().describe('1 to 255 printable characters; the same key, the same response'),
});

/** What the access of an operation means to its caller. */
function accessText(access: Operation['access']): string {
  if (access === 'anyone') return 'Anyone may call this.';
  if (access === 'user') return 'Needs a login.';
  if (access === 'worker') return 'For registered workers.';
  if (access === 'signed') return 'The URL itself is the credential.';
  return `Needs the permission \`${access}\`; what you may not see is answered with 404.`;
}

function successOf({ response, responseType, status }: Operation): RouteConfig['responses'] {
  const code = status ?? (response || responseType ? 200 : 204);
  if (response) return { [code]: { description: 'Done', content: { [JSON_TYPE]: { schema: response } } } };
  const isBody = responseType !== undefined && responseType !== 'websocket';
  return { [code]: { description: 'Done', ...(isBody && { content: { [responseType]: { schema: z.string() } } }) } };
}

function responsesOf(operation: Operation): RouteConfig['responses'] {
  const { response, otherStatus } = operation;
  const other =
    response && otherStatus
      ? { [otherStatus]: { description: 'Not now', content: { [JSON_TYPE]: { schema: response } } } }
      : {};
  const failure = { description: 'Refused or failed', content: { [JSON_TYPE]: { schema: ErrorBody } } };
  return { ...successOf(operation), ...other, default: failure };
}

function parametersOf(path: string): z.ZodObject {
  return z.object(Object.fromEntries(parametersIn(path).map((name) => [name, z.string()])));
}

function routeOf(operation: Operation): RouteConfig {
  const { id, method, path, summary, access, body, isBodyOptional, takesKey, query } = operation;
  const isOpen = access === 'anyone' || access === 'signed';
  return {
    operationId: id,
    method: method.toLowerCase() as RouteConfig['method'],
    path: path.replace(/\{?\/?[*:](\w+)\}?/g, '/{$1}'),
    summary,
    description: accessText(access),
    tags: [id.split('.')[0] ?? 'other'],
    security: isOpen ? [] : [{ token: [] }],
    request: {
      params: parametersOf(path),
      ...(query instanceof z.ZodObject && { query }),
      ...(takesKey && { headers: KEY_HEADER }),
      ...(body && { body: { required: isBodyOptional !== true, content: { [JSON_TYPE]: { schema: body } } } }),
    },
    responses: responsesOf(operation),
  };
}

/** The API as an OpenAPI 3.1 document, made from the list of operations and their schemas. */
export function openApiDocument(version: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of a login, or an API token',
  });
  for (const operation of OPERATIONS) registry.registerPath(routeOf(operation));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Mitosis',
      version,
      description:
        'A coordinator. Errors have a stable `code`, a sentence for people and, when a field is at fault, ' +
        '`details.field`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
  });
}
