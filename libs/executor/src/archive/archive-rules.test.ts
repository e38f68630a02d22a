import test from 'ava';
import { isContainedLink } from './archive-rules.js';

const cases: [path: string, target: string, isContained: boolean][] = [
  ['a', 'b', true],
  ['a', './b/c', true],
  ['d/a', '../b', true],
  ['d/e/a', '../../b', true],
  ['a', '.', true],
  ['a', '../b', false],
  ['d/a', '../../b', false],
  ['a', '/etc/passwd', false],
  ['a', '', false],
  ['d/a', 'x/../../..', false],
  // Through a link `x` that points up, the name alone would not leave.
  ['d/a', 'x/..', false],
  ['a', 'b\\c', false],
  ['a', 'b\nc', false],
];
for (const [path, target, isContained] of cases) {
  test(`a link ${path} -> "${target}" ${isContained ? 'stays inside' : 'may leave'}`, (t) => {
    t.is(isContainedLink(path, target), isContained);
  });
}
