import test from 'ava';
import fc from 'fast-check';
import { z } from 'zod';
import { OPERATIONS } from './index.js';

/** A schema as what it is inside: without defaults, optional parts and what follows it. */
function inner(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return inner(schema.unwrap() as z.ZodType);
  return schema;
}

interface Field {
  readonly name: string;
  accepts(value: unknown): boolean;
}

/** Each field of each query, and each condition of each filter in a body. */
const ALL_FIELDS: Field[] = OPERATIONS.flatMap(({ id, query, body }) => {
  const filter = (body instanceof z.ZodObject ? body : undefined)?.shape.filter as z.ZodType | undefined;
  const sources: [string, z.ZodType | undefined][] = [
    [`${id}?`, query],
    [`${id} filter.`, filter && inner(filter)],
  ];
  return sources.flatMap(([where, schema]) =>
    schema instanceof z.ZodObject
      ? Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => ({
          name: where + name,
          accepts: (value: unknown) => field.safeParse(value).success,
        }))
      : [],
  );
});

/** `key` and `path` name one file, whatever its name; they are not conditions. */
const FIELDS = ALL_FIELDS.filter(({ name }) => !/\?(key|path)$/.test(name));

/** Conditions without anything to look for. Zero-width characters are what a copied cell may leave. */
const BLANK = fc.oneof(
  fc.constantFrom('', ' ', ',', ',,', ' , ', '\t', '\n', '\u00a0', '\u200b', '\u2060', '\u3000', '\ufeff', '\0'),
  fc.string({
    unit: fc.constantFrom(' ', ',', '\t', '\r\n', '\u00a0', '\u200b', '\u200d', '\u2028', '\ufeff'),
    maxLength: 8,
  }),
);

test('no condition of any query or filter is met by blank text', (t) => {
  t.true(FIELDS.length > 50, 'the queries are found');
  t.true(
    FIELDS.some(({ name }) => name === 'tasks.cancel-many filter.text'),
    'the filters are found',
  );
  fc.assert(
    fc.property(BLANK, (blank) => {
      const met = FIELDS.filter(({ accepts }) => accepts(blank)).map(({ name }) => name);
      t.deepEqual(met, [], `these accept ${JSON.stringify(blank)}`);
    }),
    { numRuns: 500 },
  );
});

test('no condition of any query or filter is met by null, an empty list or an object', (t) => {
  for (const { name, accepts } of FIELDS)
    for (const value of [null, [], {}, [''], 0, false])
      t.false(accepts(value), `${name} accepts ${JSON.stringify(value)}`);
});

test('a list with an empty item is refused: it was a list with a variable that is empty', (t) => {
  for (const { name, accepts } of FIELDS.filter(({ name: field }) => /(tags|labels|state|role|action)$/.test(field)))
    for (const value of ['a,', ',a', 'ready,,failed', 'ready, ']) t.false(accepts(value), `${name} accepts "${value}"`);
});

test('a text without a word to search for is refused', (t) => {
  const texts = FIELDS.filter(({ name }) => /[.?]text$/.test(name));
  t.true(texts.length >= 3);
  for (const { accepts } of texts) {
    for (const text of ['***', '😀', '— … —', '()', '#', '\u0301', '\u200b']) t.false(accepts(text), text);
    for (const text of ['a', '5', 'é', 'ж', '*train*', 'ไทย', 'हिन्दी', '学習']) t.true(accepts(text), text);
  }
});

test('times that PostgreSQL can not store are refused', (t) => {
  const times = FIELDS.filter(({ name }) => /(_after|_before|since|until)$/.test(name));
  t.true(times.length >= 10);
  for (const { name, accepts } of times) {
    for (const time of [
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00+14:00',
      '9999-12-31T23:59:59-14:00',
      '2026-02-30T00:00:00Z',
      '2026-01-01',
    ])
      t.false(accepts(time), `${name} accepts ${time}`);
    for (const time of ['0001-01-02T00:00:00Z', '2026-11-28T12:00:00+23:59', '9999-12-30T00:00:00Z'])
      t.true(accepts(time), `${name} refuses ${time}`);
  }
});

test('an operation on many is refused unless exactly one of names, filter and all is given', (t) => {
  const many = OPERATIONS.filter(({ body }) => body instanceof z.ZodObject && 'filter' in body.shape);
  t.true(many.length > 0);
  const uuid = '0191f1f0-0000-7000-8000-000000000000';
  for (const { id, body: schema } of many) {
    const accepts = (body: unknown): boolean => schema?.safeParse(body).success === true;
    for (const body of [
      {},
      null,
      [],
      { filter: {} },
      { filter: null },
      { filter: undefined },
      { filter: [] },
      { all: false },
      { all: null },
      { all: 'true' },
      { uuids: [] },
      { uuids: null },
      { all: true, filter: { name: 'a' } },
      { all: true, uuids: [uuid] },
      { filter: { name: 'a' }, uuids: [uuid] },
      { filter: { nmae: 'a' } },
      { filter: { all: true } },
    ])
      t.false(accepts(body), `${id} accepts ${JSON.stringify(body)}`);
    for (const body of [{ all: true }, { filter: { name: 'a' } }, { uuids: [uuid] }, { all: true, dry_run: true }])
      t.true(accepts(body), `${id} refuses ${JSON.stringify(body)}`);
  }
});
