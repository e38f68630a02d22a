import test from 'ava';
import { encodeFrame, type OutputStream } from '@mitosis/protocol';
import { BEGINNING, LineSearch, type FoundLine, type SearchPosition } from './line-search.js';
import { finderOf } from './search-thread.js';

const frames = (...pieces: [OutputStream, string][]): Buffer =>
  Buffer.concat(pieces.map(([stream, text]) => encodeFrame(stream, Buffer.from(text))));

interface Options {
  readonly pattern: string;
  readonly isText?: boolean;
  readonly ignoreCase?: boolean;
  readonly chunk?: number;
  readonly from?: SearchPosition;
  readonly max?: number;
  readonly streams?: readonly OutputStream[];
}

function search(bytes: Buffer, options: Options) {
  const { pattern, isText = false, ignoreCase = false, chunk = bytes.length, from = BEGINNING } = options;
  const finder = finderOf({ pattern, syntax: isText ? 'text' : 're2', ignoreCase });
  const search = new LineSearch(finder, { from, max: options.max ?? 100, streams: options.streams });
  let isWanted = true;
  for (let at = from.frame; at < bytes.length && isWanted; at += chunk)
    isWanted = search.push(bytes.subarray(at, at + chunk));
  if (isWanted) search.finish();
  return { found: search.drain(), position: search.position, isOver: isWanted };
}

const linesOf = (found: readonly FoundLine[]): string[] =>
  found.map(({ line, stream, text }) => `${line} ${stream} ${text}`);

const LOG = frames(
  ['stdout', 'epoch 1\nloss=0.5\nlo'],
  ['stdout', 'ss=0.4\n'],
  ['stderr', '\u001b[31mWarning\u001b[0m: loss is NaN\r\n'],
  ['stdout', 'half'],
  ['stderr', 'loss of power\n'],
  ['notice', 'x'],
  ['stdout', '\n\nloss=0.3'],
);

test('a line is found whatever frames it is printed in, by its number, as a terminal shows it', (t) => {
  t.deepEqual(linesOf(search(LOG, { pattern: 'loss' }).found), [
    '1 stdout loss=0.5',
    '2 stdout loss=0.4',
    '3 stderr Warning: loss is NaN',
    '5 stderr loss of power',
    '9 stdout loss=0.3',
  ]);
});

const lines = test.macro((t, options: Options, expected: readonly string[]) => {
  for (const chunk of [1, 5, 1000]) t.deepEqual(linesOf(search(LOG, { ...options, chunk }).found), expected);
});

test('ends of lines', lines, { pattern: '^loss=0.[34]$' }, ['2 stdout loss=0.4', '9 stdout loss=0.3']);
test('ends of the text are those of the line', lines, { pattern: '\\Aloss=0.4\\z' }, ['2 stdout loss=0.4']);
test('the end of a line that ends with CR LF', lines, { pattern: 'NaN$' }, ['3 stderr Warning: loss is NaN']);
test('without the flag m', lines, { pattern: '(?-m)^epoch 1$' }, ['0 stdout epoch 1']);
test('upper and lower case', lines, { pattern: 'nan', ignoreCase: true }, ['3 stderr Warning: loss is NaN']);
test('a text is not an expression', lines, { pattern: 'loss=0.', isText: true, ignoreCase: true }, [
  '1 stdout loss=0.5',
  '2 stdout loss=0.4',
  '9 stdout loss=0.3',
]);
test('a text with signs of expressions', lines, { pattern: '(a+)+$', isText: true }, []);
test('one stream', lines, { pattern: 'loss', streams: ['stderr'] }, [
  '3 stderr Warning: loss is NaN',
  '5 stderr loss of power',
]);
test('no match crosses a line', lines, { pattern: 'epoch 1\\s+loss' }, []);

test('a search continues where another one has stopped, and finds each line once', (t) => {
  const whole = linesOf(search(LOG, { pattern: 'loss' }).found);
  for (const max of [1, 2, 3]) {
    const found: string[] = [];
    let position = BEGINNING;
    for (let round = 0; round < 10; round += 1) {
      const part = search(LOG, { pattern: 'loss', max, from: position });
      found.push(...linesOf(part.found));
      ({ position } = part);
      if (part.isOver) break;
    }
    t.deepEqual(found, whole, `${max} at a time`);
  }
});

test('after any chunk the position is one from which nothing is missed and nothing is found again', (t) => {
  const whole = linesOf(search(LOG, { pattern: 'o' }).found);
  for (let cut = 1; cut < LOG.length; cut += 1) {
    const first = new LineSearch(finderOf({ pattern: 'o', syntax: 'text', ignoreCase: false }), {
      from: BEGINNING,
      max: 100,
      streams: undefined,
    });
    first.push(LOG.subarray(0, cut));
    const rest = search(LOG, { pattern: 'o', from: first.position });
    t.deepEqual([...linesOf(first.drain()), ...linesOf(rest.found)], whole, `cut at ${cut}`);
  }
});

test('of a line that is longer than 1 MiB the beginning is searched, and the search continues behind it', (t) => {
  const piece = 'x'.repeat(1_000_000);
  const long: [OutputStream, string][] = [
    ['stdout', 'head needle '],
    ...Array.from({ length: 3 }, (): [OutputStream, string] => ['stdout', piece]),
    ['stdout', 'late needle\nneedle after\n'],
  ];
  const bytes = frames(...long);
  t.deepEqual(
    search(bytes, { pattern: 'needle' }).found.map(({ line, is_cut: isCut, at }) => [line, isCut, at]),
    [
      [0, true, 5],
      [1, false, 0],
    ],
  );
  // Stopped in the middle of the line, whose rest may be all that a request reads.
  const half = new LineSearch(finderOf({ pattern: 'needle', syntax: 'text', ignoreCase: false }), {
    from: BEGINNING,
    max: 10,
    streams: undefined,
  });
  half.push(bytes.subarray(0, 2_100_000));
  t.is(half.drain().length, 1);
  t.is(half.position.rest, 'stdout');
  t.true(half.position.frame > 1_000_000);
  t.deepEqual(linesOf(search(bytes, { pattern: 'needle', from: half.position }).found), ['1 stdout needle after']);
  const other = frames(...long.slice(0, 4), ['stderr', 'needle of stderr\n']);
  t.deepEqual(linesOf(search(other, { pattern: 'needle', from: half.position }).found), ['1 stderr needle of stderr']);
});

test('of a long line what surrounds the match is shown, and no character is cut', (t) => {
  const bytes = frames(['stdout', `${'😀'.repeat(1000)}needle${'😀'.repeat(1000)}\n`]);
  const [found] = search(bytes, { pattern: 'needle' }).found;
  t.is(found?.text.slice(found.at, found.at + found.length), 'needle');
  t.true(found?.is_cut);
  t.true((found?.text.length ?? 0) <= 501);
  t.false(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(found?.text ?? ''));
});

test('an expression of any kind takes time in proportion to the line', (t) => {
  const bytes = frames(['stdout', `${'a'.repeat(100_000)}!\n`]);
  t.deepEqual(search(bytes, { pattern: '(a+)+$' }).found, []);
  t.deepEqual(search(bytes, { pattern: '(a|aa)*b' }).found, []);
  for (const pattern of ['(', '(?=x)', '\\1', 'a{1001}', '((a{100}){100}){100}'])
    t.throws(() => search(bytes, { pattern }), { name: 'RE2JSSyntaxException' }, pattern);
});
