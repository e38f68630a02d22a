import test from 'ava';
import { describeNeeds } from './need.js';
import { parseNeeds, type NeedOption, type TypedNeed } from './parse-needs.js';

const typed = (...words: (NeedOption | [NeedOption, string])[]): TypedNeed[] =>
  words.map((word) => (typeof word === 'string' ? { option: word, value: true } : { option: word[0], value: word[1] }));

const reads = test.macro({
  exec: (t, words: TypedNeed[], expected: unknown) => t.deepEqual(parseNeeds(words) as unknown, expected),
  title: (title) => title ?? '',
});

test('cores and memory', reads, typed(['--cpus', '4'], ['--mem', '16GiB']), [{ cpus: 4, mem_bytes: 16 * 2 ** 30 }]);
test('G and GB are decimal', reads, typed(['--mem', '1G'], ['--disk', '1.5GB']), [
  { mem_bytes: 1e9, disk_bytes: 1.5e9 },
]);
test('devices of a model', reads, typed(['--gpus', '2:A100-80GB']), [{ gpus: 2, gpu_model: 'a100-80gb' }]);
test('a part of a device', reads, typed(['--gpus', '0.333'], ['--gpu-mem', '10GiB']), [
  { gpus: 0.333, gpu_mem_bytes: 10 * 2 ** 30 },
]);
test('named units', reads, typed(['--need', 'license=2,fpga']), [{ units: { license: 2, fpga: 1 } }]);
test('no cores, for a task that only waits', reads, typed(['--cpus', '0']), [{ cpus: 0 }]);
test('nothing asked for', reads, [], []);
test('alternatives', reads, typed(['--gpus', '1'], '--or', ['--cpus', '32'], '--or', '--whole-machine'), [
  { gpus: 1 },
  { cpus: 32 },
  { whole_machine: true },
]);

const refuses = test.macro({
  exec: (t, words: TypedNeed[], message: RegExp) => {
    t.throws(() => parseNeeds(words), { code: 'invalid_request', message });
  },
  title: (title) => `refused: ${title ?? ''}`,
});

test('a bare number of bytes', refuses, typed(['--mem', '16']), /^--mem: "16" has no unit; did you mean 16GiB\?/);
test('nothing', refuses, typed(['--mem', '0GiB']), /^--mem: .* out of range/);
test('negative cores', refuses, typed(['--cpus', '-1']), /^--cpus: "-1"/);
test('half a core', refuses, typed(['--cpus', '1.5']), /^--cpus: "1.5" is not a whole number/);
test('one and a half devices', refuses, typed(['--gpus', '1.5']), /^--gpus: .* a part is of one device/);
test('no devices as a text', refuses, typed(['--gpus', 'NaN']), /^--gpus/);
test('less than a thousandth', refuses, typed(['--gpus', '0.0001']), /^--gpus/);
test('a model without a name', refuses, typed(['--gpus', '1:']), /^--gpus: "1:" names no model/);
test('half a license', refuses, typed(['--need', 'license=0.5']), /^--need: "0.5" is not a whole number/);
test('no license', refuses, typed(['--need', 'license=0']), /^--need: .*asks for nothing/);
test('a unit twice', refuses, typed(['--need', 'a=1'], ['--need', 'a=2']), /^--need: a is named twice/);
test('a name with a blank', refuses, typed(['--need', 'a b=1']), /^--need/);
test('an option twice', refuses, typed(['--cpus', '1'], ['--cpus', '2']), /^--cpus: it is given twice/);
test('an alternative without a need', refuses, typed('--or', ['--cpus', '1']), /^--or/);
test('a unit that does not exist', refuses, typed(['--mem', '5 apples']), /^--mem: "5 apples" is not a size/);

test('needs are described in the words of their options', (t) => {
  const needs = parseNeeds(
    typed(['--cpus', '2'], ['--gpus', '0.5'], ['--need', 'license=1'], '--or', '--whole-machine'),
  );
  t.is(describeNeeds(needs), '2 cores, 0.5 of a GPU, license=1, or a whole machine');
});
