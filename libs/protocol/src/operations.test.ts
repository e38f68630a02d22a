import test from 'ava';
import { z } from 'zod';
import { OPERATIONS, operations } from './index.js';

const inWords = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

test('an operation is found under its id', (t) => {
  for (const [area, members] of Object.entries(operations))
    for (const [name, { id }] of Object.entries(members)) t.is(id, `${area}.${inWords(name)}`);
});

test('no two operations have the same method and path', (t) => {
  const places = OPERATIONS.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`);
  t.deepEqual(
    places.filter((place, index) => places.indexOf(place) !== index),
    [],
  );
});

test('the location of what is created is made of fields of the response', (t) => {
  for (const { id, location, response } of OPERATIONS) {
    const names = [...(location ?? '').matchAll(/:(\w+)/g)].map(([, name = '']) => name);
    for (const name of names) t.true(response instanceof z.ZodObject && name in response.shape, id);
  }
});
