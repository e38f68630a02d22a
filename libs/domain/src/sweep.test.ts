import test from 'ava';
import fc from 'fast-check';
import {
  combineParams,
  isDeeperThan,
  MitoError,
  paramValueOf,
  parseArray,
  parseParamJson,
  parseSweep,
  splitArray,
  SWEEP_MAX,
  type ParamValue,
} from './index.js';

const expands = test.macro({
  exec: (t, text: string, expected: readonly ParamValue[]) => t.deepEqual(parseSweep(`x=${text}`).values, expected),
  title: (_, text, expected) => `--sweep x=${text} is ${JSON.stringify(expected)}`,
});
test('an array says how many of its tasks run at a time', (t) => {
  t.deepEqual(splitArray('1-1000%20'), { indices: '1-1000', atOnce: 20 });
  t.deepEqual(splitArray('1,3'), { indices: '1,3' });
  for (const wrong of ['1-9%', '1-9%0', '1-9%x', '1-9%2%3', '1-9%-1', '1-9%1.5', '1-9%1000001'])
    t.throws(() => splitArray(wrong), { instanceOf: MitoError, message: /^--array: .*1-1000%20/ }, wrong);
});

test(expands, '1..3', [1, 2, 3]);
test(expands, '5000000000001..5000000000003', [5000000000001, 5000000000002, 5000000000003]);
test(expands, '123456789012345678901234567890..123456789012345678901234567892:2', [
  '123456789012345678901234567890',
  '123456789012345678901234567892',
]);
test(expands, '9007199254740991..9007199254740993', [9007199254740991, '9007199254740992', '9007199254740993']);
test(expands, '0.1..0.5:0.1', [0.1, 0.2, 0.3, 0.4, 0.5]);
test(expands, '0.10..0.20:0.05', ['0.10', 0.15, '0.20']);
test(expands, '0..1:0.25', [0, 0.25, 0.5, 0.75, 1]);
test(expands, '008..011', ['008', '009', '010', '011']);
test(expands, '-2..2:2', [-2, 0, 2]);
test(expands, '3..1:-1', [3, 2, 1]);
test(expands, '-0.5..-0.7:-0.1', [-0.5, -0.6, -0.7]);
test(expands, '1e2..3e2:1e2', [100, 200, 300]);
test(expands, '1e-3..3e-3:1e-3', [0.001, 0.002, 0.003]);
test(expands, '0.10,1e-5,0x10,007,+5,-0,1.0', ['0.10', '1e-5', '0x10', '007', '+5', '-0', '1.0']);
test(expands, '100000000000000000000', ['100000000000000000000']);
test(expands, 'a..b,../data,x/1..2,', ['a..b', '../data', 'x/1..2', '']);

const refuses = test.macro({
  exec: (t, text: string, pattern: RegExp) => {
    const error = t.throws(() => parseSweep(text), { instanceOf: MitoError });
    t.is(error?.code, 'invalid_request');
    t.deepEqual(error?.details, { field: '--sweep' });
    t.regex(error?.message ?? '', pattern);
  },
  title: (_, text) => `--sweep ${text} is refused`,
});
test(refuses, 'lr=0.1..0.3', /needs a step, for example 0.1..0.3:0.1/);
test(refuses, 'lr=0..0.5', /needs a step/);
test(refuses, 'a=5..1', /step below 0/);
test(refuses, 'a=1..5:0', /step 0/);
test(refuses, 'a=1..5:-1', /never ends/);
test(refuses, 'a=1..1000000000', /up to 1000000/);
test(refuses, 'a=0..1:1e-300', /up to 1000000/);
test(refuses, 'a=1..600000,700000..1300000', /up to 1000000/);
test(refuses, 'a=1..1e999999999:1', /too long/);
test(refuses, 'a=1...5', /not a range/);
test(refuses, 'a=1..x', /not a range/);
test(refuses, 'a=0x1..0x5', /not a range/);
test(refuses, 'a=64,64', /the value 64 twice/);
test(refuses, 'a=1..5,3', /the value 3 twice/);
test(refuses, 'a=', /no values/);
test(refuses, '__proto__=1', /not of the form/);
test(refuses, 'a-b=1', /not of the form/);

test('indices of an array are whole numbers of any safe size, all different', (t) => {
  t.deepEqual(parseArray('1-3, 10-20:10,7'), [1, 2, 3, 10, 20, 7]);
  t.deepEqual(parseArray('5000000000001-5000000000002'), [5000000000001, 5000000000002]);
  t.deepEqual(parseArray('08-10'), [8, 9, 10]);
  t.is(parseArray(`1-${SWEEP_MAX}`).length, SWEEP_MAX);
  for (const wrong of ['', 'a', '1-', '3-1', '1-5:0', '0-1000000', '1-1000000000', '1,1', '1-9007199254740993', '1.5'])
    t.throws(() => parseArray(wrong), { instanceOf: MitoError, message: /^--array: / }, wrong);
});

test('a value keeps the digits that were typed, as a number only where JSON carries it', (t) => {
  const digits = fc.stringMatching(/^-?\d{1,30}(\.\d{1,30})?(e[-+]?\d{1,2})?$/);
  fc.assert(
    fc.property(digits, (text) => {
      const value = paramValueOf(text);
      t.is(String(JSON.parse(JSON.stringify(value))), text);
    }),
  );
});

test('every value of a range is exactly a whole number of steps from its beginning', (t) => {
  const bound = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  fc.assert(
    fc.property(
      bound,
      fc.bigInt({ min: 1n, max: 10n ** 20n }),
      fc.integer({ min: 1, max: 50 }),
      (from, step, count) => {
        const { values } = parseSweep(`x=${from}..${from + step * BigInt(count - 1)}:${step}`);
        t.deepEqual(
          values.map(String),
          Array.from({ length: count }, (_, place) => String(from + step * BigInt(place))),
        );
      },
    ),
  );
});

test('options combine, the last changing fastest, and never give the same parameter twice', (t) => {
  const a = { field: '--sweep', rows: [{ a: 1 }, { a: 2 }] };
  const lines = { field: '--each-line', rows: [{ line: 'x' }, { line: 'y' }] };
  t.deepEqual(combineParams([a, lines]), [
    { a: 1, line: 'x' },
    { a: 1, line: 'y' },
    { a: 2, line: 'x' },
    { a: 2, line: 'y' },
  ]);
  t.deepEqual(combineParams([]), [{}]);
  t.throws(() => combineParams([a, a]), { message: '--sweep: the parameter "a" is given twice' });
  t.throws(() => combineParams([{ field: '--sweep', rows: [{ line: 1 }] }, lines]), {
    message: '--each-line: the parameter "line" is given by --sweep, too',
  });
  t.throws(() => combineParams([a, { field: '--sweep', rows: [{ A: 1 }] }]), { message: /MITO_PARAM_A/ });
  const many = { field: '--each-line', rows: Array.from({ length: 1_001 }, (_, line) => ({ line })) };
  t.throws(() => combineParams([many, { field: '--each-json', rows: many.rows.map(({ line }) => ({ a: line })) }]), {
    message: '--each-line, --each-json: more than 1000000 tasks; a submission may have up to 1000000',
  });
});

test('JSON keeps the digits of its numbers, alone and within what is passed on as JSON', (t) => {
  const { value, plain, paramOf } = parseParamJson(
    '{"a": 123456789012345678901234567890, "b": 1.0, "c": {"d": [1e400, 0.1, "x\\u0022 12345678901234567890"]}, "e": ' +
      'true, "f": null, "h": NaN, "i": [-Infinity], "g": "12345678901234567890"}',
  );
  const fields = value as Record<string, unknown>;
  t.deepEqual(Object.fromEntries(Object.entries(fields).map(([name, item]) => [name, paramOf(item)])), {
    a: '123456789012345678901234567890',
    b: '1.0',
    c: '{"d":[1e400,0.1,"x\\" 12345678901234567890"]}',
    e: true,
    f: 'null',
    h: 'NaN',
    i: '[-Infinity]',
    g: '12345678901234567890',
  });
  t.is((plain as { b: number }).b, 1);
});

test('JSON reads as JSON.parse does, but for numbers that lose digits', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const { plain, paramOf } = parseParamJson(JSON.stringify({ value }));
      const parsed = (plain as { value: unknown }).value;
      t.deepEqual(parsed, JSON.parse(JSON.stringify(value)));
      if (typeof value === 'string')
        t.is(paramOf((parseParamJson(JSON.stringify([value])).value as unknown[])[0]), value);
    }),
  );
});

test('JSON that is nested too deep is refused, however deep', (t) => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  t.notThrows(() => parseParamJson(nested(100)));
  t.throws(() => parseParamJson(nested(101)), { instanceOf: SyntaxError, message: /100 levels/ });
  t.throws(() => parseParamJson(nested(200_000)), { instanceOf: SyntaxError });
  t.false(isDeeperThan([[1], { a: 1 }], 2));
  t.true(isDeeperThan([[1], { a: [] }], 2));
});
