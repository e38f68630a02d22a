// The generated half of the Python client: models, errors and one function for each operation that people may call,
// from the OpenAPI document that a coordinator serves. Written and checked by `node tools/reference.mjs`.
import { OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { ERRORS, HTTP_STATUS } from '../libs/domain/dist/index.js';
import * as protocol from '../libs/protocol/dist/index.js';
import { asyncClient } from './python-async.mjs';

const GENERATED = '# Made by tools/reference.mjs; do not edit.';
const FOLDER = 'python/src/mitosis/_generated';
const KEYWORDS = new Set(
  'and as assert async await class def del from global if import in is lambda not or pass'.split(' '),
);
const JSON_TYPE = 'application/json';
/** Neither the requests of workers nor WebSockets. */
const isForPeople = ({ description = '', responses }) =>
  !description.startsWith('For registered workers') && responses['101'] === undefined;

/** The files of the generated part, by name. */
export async function pythonApiPages(root) {
  const document = protocol.openApiDocument('0');
  const models = new Models(document);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.operationId !== undefined && isForPeople(operation))
      .map(([method, operation]) => operationOf(models, { path, method: method.toUpperCase(), operation })),
  );
  return {
    [`${FOLDER}/api.py`]: apiModule(models, operations),
    [`${FOLDER}/models.py`]: models.module(),
    [`${FOLDER}/kinds.py`]: kindsModule(),
    [`${FOLDER}/aio.py`]: await asyncClient(root, GENERATED),
  };
}

const pascal = (text) =>
  text
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
const snake = (text) =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
const identifier = (name) => (KEYWORDS.has(name) ? `${name}_` : name);
/** A literal of Python. */
const literal = (value) =>
  value === null ? 'None' : value === true ? 'True' : value === false ? 'False' : JSON.stringify(value);
/** The same for the same schema, whatever the order of its keys. */
const fingerprint = (schema) =>
  JSON.stringify(schema, (key, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );

/** Names that the protocol library has for its schemas, by what they look like in the document. */
function protocolNames() {
  const registry = new OpenAPIRegistry();
  const schemas = Object.entries(protocol).filter(([, value]) => value instanceof z.ZodObject);
  for (const [name, schema] of schemas) {
    const content = { [JSON_TYPE]: { schema } };
    registry.registerPath({
      method: 'post',
      path: `/${name}`,
      request: { body: { content } },
      responses: { 200: { description: name, content } },
    });
  }
  const { paths } = new OpenApiGeneratorV31(registry.definitions).generateDocument({ openapi: '3.1.0', info: {} });
  const names = new Map();
  for (const [path, { post }] of Object.entries(paths))
    for (const { content } of [post.requestBody, post.responses[200]]) {
      const key = fingerprint(content[JSON_TYPE].schema);
      if (!names.has(key)) names.set(key, path.slice(1));
    }
  return names;
}

/**
 * Collects the classes that the operations need. Bodies of requests are dictionaries with types, responses are objects.
 */
class Models {
  names = protocolNames();
  classes = new Map();
  used = new Set(['Model']);

  constructor(document) {
    this.document = document;
  }

  /** The type of a schema. `place` names an object that has no name yet. */
  type(schema, place, isRequest) {
    if (schema === undefined) return 'Any';
    if (schema.$ref) {
      const name = schema.$ref.split('/').at(-1);
      return this.type(this.document.components.schemas[name], name, isRequest);
    }
    const all = schema.anyOf ?? schema.oneOf;
    if (all) return this.union(all, place, isRequest);
    if (schema.allOf?.length === 1) return this.type(schema.allOf[0], place, isRequest);
    if (schema.enum) return `Literal[${schema.enum.map(literal).join(', ')}]`;
    if (schema.const !== undefined) return `Literal[${literal(schema.const)}]`;
    const types = [schema.type ?? 'any'].flat();
    const plain = types
      .filter((type) => type !== 'null')
      .map((type) => this.plain({ ...schema, type }, place, isRequest));
    return [...new Set(plain), ...(types.includes('null') ? ['None'] : [])].join(' | ');
  }

  union(schemas, place, isRequest) {
    const parts = schemas.map((schema, index) => {
      const isObject =
        schema.type === 'object' &&
        schema.properties &&
        !isRequest &&
        schemas.filter((other) => other.type === 'object').length > 1;
      return isObject ? 'dict[str, Any]' : this.type(schema, `${place}${index === 0 ? '' : index + 1}`, isRequest);
    });
    const distinct = [...new Set(parts.flatMap((part) => (part.includes('[') ? [part] : part.split(' | '))))];
    return [...distinct.filter((part) => part !== 'None'), ...(distinct.includes('None') ? ['None'] : [])].join(' | ');
  }

  plain(schema, place, isRequest) {
    switch (schema.type) {
      case 'string':
        return 'str';
      case 'integer':
        return 'int';
      case 'number':
        return 'float';
      case 'boolean':
        return 'bool';
      case 'array':
        return `${isRequest ? 'Sequence' : 'list'}[${this.type(schema.items, place.replace(/s$/, ''), isRequest)}]`;
      case 'object':
        return this.object(schema, place, isRequest);
      default:
        return 'Any';
    }
  }

  object(schema, place, isRequest) {
    if (schema.properties === undefined || Object.keys(schema.properties).length === 0) {
      const { additionalProperties: values } = schema;
      const type = values && Object.keys(values).length > 0 ? this.type(values, `${place}Value`, isRequest) : 'Any';
      return `${isRequest ? 'Mapping' : 'dict'}[str, ${type}]`;
    }
    const key = `${isRequest}${fingerprint({ ...schema, type: 'object' })}`;
    const known = this.classes.get(key);
    if (known) return known.name;
    const name = this.freeName(this.names.get(fingerprint({ ...schema, type: 'object' })) ?? pascal(place), isRequest);
    const model = { name, isRequest, fields: [] };
    this.classes.set(key, model);
    for (const [field, value] of Object.entries(schema.properties)) {
      const isRequired = schema.required?.includes(field) ?? false;
      model.fields.push({ field, isRequired, type: this.type(value, `${name}${pascal(field)}`, isRequest) });
    }
    return name;
  }

  freeName(wanted, isRequest) {
    const base = isRequest && this.used.has(wanted) ? `${wanted}Input` : wanted;
    let name = base;
    for (let count = 2; this.used.has(name); count += 1) name = `${base}${count}`;
    this.used.add(name);
    return name;
  }

  module() {
    const classes = [...this.classes.values()];
    const views = classes.filter(({ isRequest }) => !isRequest);
    const names = new Set(views.map(({ name }) => name));
    return [
      GENERATED,
      '"""What the API takes and returns: bodies of requests are dictionaries, responses are objects."""',
      '',
      'from __future__ import annotations',
      '',
      'from collections.abc import Mapping, Sequence',
      'from typing import Any, Literal, TypedDict',
      '',
      'from .._model import Model',
      ...classes.flatMap((model) => ['', '', ...(model.isRequest ? typedDict(model) : viewClass(model))]),
      '',
      '',
      ...views.flatMap((model) => nestedOf(model, names)),
      '',
    ].join('\n');
  }
}

function typedDict({ name, fields }) {
  const lines = (some) => some.map(({ field, type }) => `    ${field}: ${type}`);
  if (fields.some(({ field }) => KEYWORDS.has(field))) {
    const entries = fields.map(
      ({ field, type }) => `        ${JSON.stringify(field)}: ${JSON.stringify(type).replaceAll('\\"', "'")},`,
    );
    return [
      `${name} = TypedDict(`,
      `    ${JSON.stringify(name)},`,
      '    {',
      ...entries,
      '    },',
      '    total=False,',
      ')',
    ];
  }
  const [needed, optional] = [fields.filter((field) => field.isRequired), fields.filter((field) => !field.isRequired)];
  if (needed.length === 0) return [`class ${name}(TypedDict, total=False):`, ...lines(optional)];
  if (optional.length === 0) return [`class ${name}(TypedDict):`, ...lines(needed)];
  return [
    `class _${name}(TypedDict):`,
    ...lines(needed),
    '',
    '',
    `class ${name}(_${name}, total=False):`,
    ...lines(optional),
  ];
}

function viewClass({ name, fields }) {
  return [
    `class ${name}(Model):`,
    '    __slots__ = ()',
    '',
    ...fields.map(({ field, type, isRequired }) => {
      const isOptional = !isRequired && !type.endsWith('None') && type !== 'Any';
      return `    ${identifier(field)}: ${type}${isOptional ? ' | None' : ''}`;
    }),
  ];
}

/** Which fields hold objects, so that they become objects of their own class when somebody looks at them. */
function nestedOf({ name, fields }, names) {
  const entries = fields.flatMap(({ field, type }) => {
    const bare = type.replace(/ \| None$/, '');
    const [, container, inner = bare] = /^(list|dict\[str, )\[?(\w+)\]$/.exec(bare) ?? [];
    return names.has(inner)
      ? [`"${field}": ("${container?.startsWith('list') ? 'list' : container ? 'dict' : 'one'}", ${inner})`]
      : [];
  });
  return entries.length === 0 ? [] : [`${name}.nested = {`, ...entries.map((entry) => `    ${entry},`), '}'];
}

function operationOf(models, { path, method, operation }) {
  const { operationId: id, summary, parameters = [], requestBody, responses } = operation;
  const [, success] = Object.entries(responses).find(([status]) => /^[23]/.test(status)) ?? [];
  const place = pascal(id);
  const body = requestBody?.content?.[JSON_TYPE]?.schema;
  const answer = success?.content?.[JSON_TYPE]?.schema;
  const isStream = success?.content !== undefined && answer === undefined;
  return {
    name: snake(id),
    method,
    path,
    summary,
    names: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
    hasBytes: requestBody !== undefined && body === undefined,
    body: body && models.type(body, `${place}Body`, true),
    answer: answer ? models.type(answer, `${place}Answer`, false) : isStream ? 'Stream' : 'None',
  };
}

function apiModule(models, operations) {
  const used = new Set(operations.flatMap(({ body, answer }) => [body, answer]).filter(Boolean));
  const imported = [...models.classes.values()].map(({ name }) => name).filter((name) => used.has(name));
  return [
    GENERATED,
    '"""One method for each operation of the API that people may call, by its name in docs/reference/api.md."""',
    '',
    'from __future__ import annotations',
    '',
    'from .._transport import Call, Query, Stream, Transport, path_part',
    `from .models import (\n${imported
      .sort()
      .map((name) => `    ${name},`)
      .join('\n')}\n)`,
    '',
    '',
    'class Api:',
    '    """The operations of a coordinator, without anything around them."""',
    '',
    '    def __init__(self, transport: Transport) -> None:',
    '        self._transport = transport',
    ...operations.flatMap(methodOf),
    '',
  ].join('\n');
}

function methodOf({ name, method, path, summary, names, query, body, hasBytes, answer }) {
  const positional = [
    ...names.map((each) => `${snake(each)}: str`),
    ...(body ? [`body: ${body}`] : hasBytes ? ['body: bytes'] : []),
  ];
  const keyed = [...query.map((each) => `${identifier(each)}: Query = None`), 'call: Call | None = None'];
  const place =
    names.length === 0
      ? JSON.stringify(path)
      : `f${JSON.stringify(path.replace(/\{(\w+)\}/g, (_, each) => `{path_part(${snake(each)})}`))}`;
  const options = [
    ...(body ? ['body=body'] : hasBytes ? ['data=body'] : []),
    ...(query.length > 0 ? [`query={${query.map((each) => `"${each}": ${identifier(each)}`).join(', ')}}`] : []),
    'call=call',
  ];
  const [verb, first] =
    answer === 'Stream'
      ? ['stream', []]
      : answer === 'None'
        ? ['empty', []]
        : /^\w+$/.test(answer)
          ? ['model', [answer]]
          : ['value', []];
  const isReturned = answer !== 'None';
  return [
    '',
    `    def ${name}(`,
    '        self,',
    ...positional.map((each) => `        ${each},`),
    '        *,',
    ...keyed.map((each) => `        ${each},`),
    `    ) -> ${verb === 'value' ? 'object' : answer}:`,
    `        """${summary.replaceAll('"', "'")}."""`,
    `        ${isReturned ? 'return ' : ''}self._transport.${verb}(`,
    ...[`"${method}"`, place, ...first, ...options].map((each) => `            ${each},`),
    '        )',
  ];
}

function kindsModule() {
  const classes = Object.keys(HTTP_STATUS).flatMap((kind) => [
    '',
    '',
    `class ${pascal(kind)}Error(MitoError):`,
    `    """An error of the kind \`${kind}\`."""`,
    '',
    `    kind = "${kind}"`,
  ]);
  const codes = Object.entries(ERRORS)
    .filter(([, { kind }]) => kind !== 'any')
    .map(([code, { kind }]) => `    "${code}": ${pascal(kind)}Error,`);
  const table = Object.entries(HTTP_STATUS).map(([kind, status]) => `    ${status}: ${pascal(kind)}Error,`);
  return [
    GENERATED,
    '"""One exception for each kind of error. The `code` of an error is in docs/reference/errors.md."""',
    '',
    'from __future__ import annotations',
    '',
    'from .._errors import MitoError',
    ...classes,
    '',
    '',
    'OF_STATUS: dict[int, type[MitoError]] = {',
    ...table,
    '}',
    '#: Of an error that comes without a status, at the end of a stream.',
    'OF_CODE: dict[str, type[MitoError]] = {',
    ...codes,
    '}',
    '',
  ].join('\n');
}
