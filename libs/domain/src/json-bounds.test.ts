import test from 'ava';
import fc from 'fast-check';
import { jsonExcess } from './index.js';

const excess = (text: string, depth = 64, values = 1000) => jsonExcess(Buffer.from(text), { depth, values });

test('depth and values of JSON are bounded, whatever its strings have', (t) => {
  t.is(excess('[[[]]]', 3), undefined);
  t.is(excess('[[[[]]]]', 3), 'depth');
  t.is(excess('{"a":{"b":[{}]}}', 3), 'depth');
  t.is(excess(String.raw`["[[[[\"[[[[\\","{{{{"]`, 1), undefined);
  t.is(excess('[1,2,3]', 1, 4), undefined);
  t.is(excess('[1,2,3,4]', 1, 4), 'values');
  t.is(excess('{"a":1,"b":2}', 1, 4), 'values');
  t.is(excess('["a,b,c,d,e,f:g"]', 1, 2), undefined);
  for (const broken of ['', '"', '"\\', ']]]', '}{', '[,', '"\\"']) t.is(excess(broken), undefined);
});

test('the keys of one object are bounded, not those of several', (t) => {
  const keys = (text: string) => jsonExcess(Buffer.from(text), { depth: 64, values: 1000, keys: 2 });
  t.is(keys('[{"a":1,"b":2},{"a":{"c":{"x":1},"d":4},"b":[1,2,3,4]}]'), undefined);
  t.is(keys('{"a":{"x":1,"y":2},"b":2,"c":3}'), 'keys');
  t.is(keys('[[{"a":1,"b":2,"c":3}]]'), 'keys');
  t.is(keys('{"a:::":1}'), undefined);
  for (const broken of [']]]:::', ':::', '}:{:']) t.true([undefined, 'keys'].includes(keys(broken)));
});

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

test('what it calls too deep is deeper than the bound, and nothing else', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 6 }), (value, depth) => {
      const found = excess(JSON.stringify(value), depth, 1_000_000);
      return (found === 'depth') === depthOf(value) > depth;
    }),
  );
  t.pass();
});

test('a look at 16 MB is quick, whatever they are', (t) => {
  for (const piece of ['[', '"\\', '1,', '"a":', '\\']) {
    const bytes = Buffer.from(piece.repeat(16_000_000 / piece.length));
    const begunAt = performance.now();
    jsonExcess(bytes, { depth: 1e9, values: 1e9 });
    t.log(`${JSON.stringify(piece)}: ${Math.round(performance.now() - begunAt)} ms`);
  }
  t.pass();
});
