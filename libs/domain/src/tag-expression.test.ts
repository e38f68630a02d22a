import test from 'ava';
import {
  describeRequirement,
  MitoError,
  parseRequirements,
  tagsMatch,
  unmetRequirements,
  type Takes,
} from './index.js';

const matches = test.macro({
  exec: (t, worker: string[], task: string[], expected: boolean) => t.is(tagsMatch({ tags: worker }, task), expected),
  title: (_, worker, task, expected) =>
    `a worker with [${worker}] ${expected ? 'may' : 'may not'} run a task that asks for [${task}]`,
});
test(matches, [], [], true);
test(matches, [], ['gpu'], true);
test(matches, ['gpu'], [], true);
test(matches, ['gpu', 'linux'], ['gpu'], true);
test(matches, ['linux'], ['gpu'], false);
test(matches, ['gpu'], ['gpu', 'linux'], false);

test(matches, ['gpu', 'old'], ['!old', 'gpu'], false);
test(matches, ['gpu'], ['!old', 'gpu'], true);
test(matches, ['h100'], ['a100|h100'], true);
test(matches, ['l40s'], ['a100|h100'], false);
test(matches, [], ['!old', 'a100|h100'], true);

const takes = test.macro({
  exec: (t, worker: { tags: string[]; takes: Takes }, task: string[], unmet: string[]) =>
    t.deepEqual(unmetRequirements(task, worker), unmet),
  title: (_, { tags, takes: what }, task) => `of [${task}] a worker with [${tags}] that takes ${what}`,
});
test(takes, { tags: [], takes: 'only_tagged' }, ['gpu'], ['gpu']);
test(takes, { tags: [], takes: 'only_tagged' }, [], []);
test(takes, { tags: [], takes: 'only_tagged' }, ['!old'], []);
test(takes, { tags: ['old'], takes: 'any' }, ['gpu'], []);
test(takes, { tags: ['old'], takes: 'any' }, ['!old', 'gpu'], ['!old']);
test(takes, { tags: ['old'], takes: null }, ['gpu'], ['gpu']);

const reads = test.macro({
  exec: (t, entries: string[], requirements: string[]) => {
    t.deepEqual(parseRequirements(entries), requirements);
    t.deepEqual(parseRequirements(requirements), requirements, 'what is stored reads as itself');
  },
  title: (_, entries) => `[${entries}] is understood`,
});
test(reads, ['gpu', 'gpu', 'a'], ['a', 'gpu']);
test(reads, ['gpu & !old'], ['!old', 'gpu']);
test(reads, ['h100|a100', 'linux'], ['a100|h100', 'linux']);
test(reads, ['a | b & c'], ['a|b', 'a|c']);
test(reads, ['!(a | b)'], ['!a', '!b']);
test(reads, ['!(a & b)'], ['!a|!b']);
test(reads, ['!!a'], ['a']);
test(reads, ['(a|b)&(a|b)'], ['a|b']);
test(reads, ['a | !a'], []);

const many = (from: number, joint: string): string => Array.from({ length: 9 }, (_, at) => `t${from + at}`).join(joint);
for (const wrong of ['', ' ', '!', 'a &', '| a', 'a b', '(a', 'a)', '()', 'a && b', '-a', 'a~b', 'é', 'a'.repeat(65)])
  test(`"${wrong}" is not an expression of tags`, (t) => {
    t.throws(() => parseRequirements([wrong]), { instanceOf: MitoError, message: /^tags\.0: .*gpu & !old/ });
  });
test('too many requirements are refused, also where brackets multiply them', (t) => {
  const bounded = { instanceOf: MitoError, message: /write fewer/ };
  t.throws(() => parseRequirements([many(0, '&'), many(9, '&')]), bounded);
  t.throws(() => parseRequirements([`${many(0, '&')} | ${many(9, '&')}`]), bounded);
});
test('a requirement is said in words', (t) => {
  t.is(describeRequirement('!old|a100'), 'not old or a100');
});
