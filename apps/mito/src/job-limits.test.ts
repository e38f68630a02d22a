import test from 'ava';
import { MitoError } from '@mitosis/domain';
import { parseJobLimits, type JobLimitOptions } from './commands/job-limits.js';

const says = test.macro({
  exec: (t, options: JobLimitOptions, limits: object) => t.deepEqual(parseJobLimits(options), limits),
  title: (_, options: JobLimitOptions) => `${JSON.stringify(options)} is understood`,
});

test(says, {}, {});
test(says, { array: '1-9' }, {});
test(says, { array: '1-9%2', maxFails: '0' }, { at_once: 2, max_fails: 0 });
test(says, { atOnce: '20' }, { at_once: 20 });

const refused = test.macro({
  exec: (t, options: JobLimitOptions, message: RegExp) => {
    t.throws(() => parseJobLimits(options), { instanceOf: MitoError, message });
  },
  title: (_, options: JobLimitOptions) => `${JSON.stringify(options)} is refused`,
});

test(refused, { array: '1-9%2', atOnce: '2' }, /^--at-once: .*use one of the two/);
test(refused, { atOnce: '0' }, /^--at-once: .*1 to 1000000/);
test(refused, { atOnce: '1.5' }, /^--at-once: .*whole number/);
test(refused, { atOnce: '' }, /^--at-once: /);
test(refused, { maxFails: '-1' }, /^--max-fails: .*0 to 1000000/);
test(refused, { maxFails: '1e3' }, /^--max-fails: /);
