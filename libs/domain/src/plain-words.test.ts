import test from 'ava';
import { plainWords, type Issue } from './index.js';

const says = test.macro({
  exec: (t, issue: Issue, text: string | undefined) => t.is(plainWords(issue), text),
  title: (_, issue, text) => `${JSON.stringify(issue)} is said as "${text}"`,
});
test(says, { code: 'too_small', origin: 'number', minimum: 1, inclusive: true }, 'must be at least 1');
test(says, { code: 'too_big', origin: 'int', maximum: 100, inclusive: true }, 'must be at most 100');
test(says, { code: 'too_big', origin: 'number', maximum: 1, inclusive: false }, 'must be less than 1');
test(says, { code: 'too_small', origin: 'string', minimum: 1, inclusive: true }, 'must not be empty');
test(says, { code: 'too_big', origin: 'string', maximum: 255, inclusive: true }, 'must have at most 255 characters');
test(says, { code: 'too_small', origin: 'array', minimum: 1, inclusive: true }, 'must not be empty');
test(says, { code: 'too_big', origin: 'array', maximum: 1, inclusive: true }, 'must have at most 1 item');
test(says, { code: 'invalid_type', expected: 'int', input: 1.5 }, 'must be a whole number');
test(says, { code: 'invalid_type', expected: 'array', input: 'x' }, 'must be an array');
test(says, { code: 'invalid_type', expected: 'string' }, 'is missing');
test(says, { code: 'invalid_format', format: 'uuid' }, 'is not a UUID');
test(says, { code: 'invalid_value', values: ['a', 'b'] }, 'must be one of a, b');
test(says, { code: 'unrecognized_keys' }, undefined);
