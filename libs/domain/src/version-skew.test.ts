import test from 'ava';
import { worksWith } from './version-skew.js';

const works = test.macro({
  exec: (t, one: string, other: string, expected: boolean) => {
    t.is(worksWith(one, other), expected);
    t.is(worksWith(other, one), expected);
  },
  title: (_, one, other, expected) => `"${one}" and "${other}" ${expected ? 'work together' : 'do not work together'}`,
});

test(works, '1.2.3', '1.2.3', true);
test(works, '1.2.0', '1.2.9', true);
test(works, '1.2.0-rc.1', '1.2.0+build.5', true);
test(works, '1.2.0', '1.3.0', false);
test(works, '1.2.0', '2.2.0', false);
test(works, '1.2.0', '1.20.0', false);
test(works, '1.2', '1.2', false);
test(works, '', '', false);
test(works, '1.2.0\n', '1.2.0', false);
