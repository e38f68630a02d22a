import test from 'ava';
import fc from 'fast-check';
import { parseQueueName, queueName, TASK_KINDS } from './index.js';

const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,20}$/);
const tags = fc.array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,10}$/), { maxLength: 6 });

test('a queue name can be taken apart again, whatever the order of the tags', (t) => {
  fc.assert(
    fc.property(name, tags, fc.constantFrom(...TASK_KINDS), (group, asked, kind) => {
      const route = parseQueueName(queueName(group, asked.toReversed(), kind));
      t.is(route.group, group);
      t.is(route.kind, kind);
      t.deepEqual(route.tags, [...new Set(asked)].sort());
    }),
  );
});

test('two routes never share a queue', (t) => {
  fc.assert(
    fc.property(name, tags, name, tags, (groupA, tagsA, groupB, tagsB) => {
      const isSameRoute = groupA === groupB && queueName('x', tagsA) === queueName('x', tagsB);
      t.is(queueName(groupA, tagsA) === queueName(groupB, tagsB), isSameRoute);
    }),
  );
});

const refuses = test.macro({
  exec: (t, text: string) => t.throws(() => parseQueueName(text), { code: 'invalid_queue_name' }),
  title: (_, text) => `"${text}" is not the name of a queue`,
});
for (const text of [
  '',
  '~gpu',
  'lab~b~a',
  'lab~a~a',
  'lab~',
  'la:b',
  'lab~*',
  '-lab',
  '~_wasm',
  'lab~gpu~_wasm',
  'lab~_wasm~_wasm',
])
  test(refuses, text);
