import test from 'ava';
import fc from 'fast-check';
import { decodeText, escapedText } from './decode-text.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test('text in UTF-8 is read as it is, without a byte order mark at its start', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!text.includes('\0') && !text.startsWith('\ufeff'));
      t.is(decodeText(Buffer.from(text)), text);
      t.is(decodeText(Buffer.from(`\ufeff${text}`)), text);
    }),
  );
  t.is(decodeText(bytes('')), '');
  t.is(decodeText(Buffer.from('a\ufeff\r\n\n\ufffd')), 'a\ufeff\r\n\n\ufffd', 'U+FFFD itself is text');
});

test('bytes are text only when the text is the same bytes again', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (given) => {
      let text: string;
      try {
        text = decodeText(given);
      } catch (error) {
        t.regex((error as Error).message, /^(line \d+ (is not UTF-8 \(byte 0x[0-9A-F]{2}\)|has a NUL byte)|its byte)/);
        return;
      }
      t.deepEqual(Buffer.from(text), Buffer.from(given).subarray(given[0] === 0xef && given[1] === 0xbb ? 3 : 0));
    }),
    { numRuns: 2000 },
  );
});

const refused = test.macro({
  exec(t, given: Uint8Array, says: RegExp) {
    t.throws(() => decodeText(given), { message: says });
  },
  title: (what = '') => `${what} is refused`,
});

test('Latin-1', refused, bytes('a\nb\nk\u00fche\nc'), /^line 3 is not UTF-8 \(byte 0xFC\)\. Save it as UTF-8/);
test('a character that is cut off', refused, bytes('a\n\u00e2\u0082'), /^line 2 is not UTF-8/);
test('a character cut off like U+FFFD', refused, bytes('a\n\u00ef\u00bf'), /^line 2 is not UTF-8/);
test('half of a surrogate pair', refused, bytes('\u00ed\u00a0\u00bd'), /^line 1 is not UTF-8 \(byte 0xED\)/);
test('UTF-16 with a byte order mark', refused, Buffer.from('\ufeffA=b', 'utf16le'), /says UTF-16/);
test('UTF-16 without one', refused, Buffer.from('A=b', 'utf16le'), /^line 1 has a NUL byte, as text in UTF-16 has/);
test('a NUL byte', refused, bytes('a\nb\0c'), /^line 2 has a NUL byte/);
test('a line of a longer text is named by its own number', (t) => {
  t.throws(() => decodeText(bytes('\u00fc'), 7), { message: /^line 7 / });
});

test('bytes that are not UTF-8 are shown as escapes, and text around them as it is', (t) => {
  t.is(escapedText(bytes('k\u00fche \u00c3\u00a9 \u00ff')), 'k\\xfche é \\xff');
  t.is(escapedText(bytes('plain')), 'plain');
});
