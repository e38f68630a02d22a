import test from 'ava';
import fc from 'fast-check';
import { pathPart, queryString } from './query-string.js';

test('what is undefined is left out, lists are joined with commas', (t) => {
  t.is(
    queryString({ group: 'a', state: ['ready', 'failed'], name: undefined, limit: 5, all: false }),
    'group=a&state=ready%2Cfailed&limit=5&all=false',
  );
});

test('a condition that is given and empty is refused, never dropped', (t) => {
  const blank = fc.constantFrom<unknown>('', ' ', '\t', '\u200b', [], [''], ['a', ''], [' '], ['a', ' ', 'b']);
  fc.assert(
    fc.property(blank, fc.constantFrom('group', 'state', 'text'), (value, field) => {
      try {
        queryString({ [field]: value });
        return false;
      } catch (error) {
        return (error as Error).message.startsWith(`${field}: `);
      }
    }),
  );
  t.pass();
});

test('an item with a comma would be two conditions', (t) => {
  t.throws(() => queryString({ labels: ['p=1,2'] }), { message: /^labels: "p=1,2" has a comma/ });
});

test('a name that would lead to another path of the API is refused', (t) => {
  for (const name of ['', ' ', '.', '..']) t.throws(() => pathPart(name), { code: 'invalid_request' });
  for (const name of ['a', '...', 'a..b', '../groups/x', '/', 'a/b', '%2e%2e', '?', '#']) {
    const url = new URL(`http://host/workers/${pathPart(name)}/groups/g`);
    t.regex(url.pathname, /^\/workers\/[^/]+\/groups\/g$/, name);
  }
});
