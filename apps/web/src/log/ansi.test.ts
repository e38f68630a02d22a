import test from 'ava';
import { spansOf, visible } from './ansi.js';

const brief = (line: string) =>
  spansOf(line).map(({ text, classes, color }) => [text, classes, color].filter(Boolean).join('|'));

test('colours become classes, other sequences are left out', (t) => {
  t.deepEqual(brief('plain'), ['plain']);
  t.deepEqual(brief('\u001b[1;31mred\u001b[0m and \u001b[38;5;196mmore\u001b[39m.'), [
    'red|fg1 bold',
    ' and ',
    'more|rgb(255 0 0)',
    '.',
  ]);
  t.deepEqual(brief('\u001b[38;2;1;2;300mx\u001b[m'), ['x|rgb(1 2 255)']);
  t.deepEqual(brief('\u001b]0;title\u0007\u001b[2K\u001b[1Gtext\u001b[?25l'), ['text']);
});

test('a carriage return writes over the line', (t) => {
  t.deepEqual(brief(' 10 %\r 20 %\r'), [' 20 %']);
});

test('what would change the page is made visible', (t) => {
  t.is(visible('a\u0000b\u202ec\u009b'), 'a␀b[U+202E]c\uFFFD');
  t.deepEqual(brief('<script>alert(1)</script>'), ['<script>alert(1)</script>']);
});
