import test from 'ava';
import fc from 'fast-check';
import { counted, cutText, fromFirstCharacter, isStorableText, oneLine, storableText, textTail } from './text.js';

const FAMILY = '👨‍👩‍👧‍👦';
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('a', 'é', 'e\u0301', '😀', FAMILY, '🇫🇷', 'क्षि', '\ud83d', '\ude00'))
    .map((parts) => parts.join('')),
);

const cut = test.macro((t, text: string, unitsMax: number, expected: string) => {
  t.is(cutText(text, unitsMax), expected);
});

test('text that fits is not cut', cut, 'abc', 3, 'abc');
test('plain text is cut at the limit', cut, 'abcd', 3, 'abc');
test('an emoji at the cut is left out whole', cut, 'ab😀', 3, 'ab');
test('an emoji of several code points is left out whole', cut, `a${FAMILY}b`, 8, 'a');
test('a letter keeps its accent or goes with it', cut, 'abe\u0301c', 3, 'ab');
test('a limit of zero leaves nothing', cut, 'abc', 0, '');

test('the mark counts towards the limit', (t) => {
  t.is(cutText('abcdef', 4, '…'), 'abc…');
  t.is(cutText('ab😀def', 4, '…'), 'ab…');
  t.is(cutText('abcdef', 0, '…'), '');
});

test('the tail never begins inside a character', (t) => {
  t.is(textTail('a😀bc', 3), 'bc');
  t.is(textTail(`a${FAMILY}b`, 5), 'b');
  t.is(textTail('abc', 0), '');
});

test('a cut keeps to the limit, is a part of the text, and makes no new half of a pair', (t) => {
  const cuts = fc.property(anyText, fc.nat(40), (text, max) => {
    const whole = isStorableText(text);
    for (const part of [cutText(text, max), textTail(text, max)]) {
      if (part.length > max || (whole && !isStorableText(part))) return false;
    }
    return text.startsWith(cutText(text, max)) && text.endsWith(textTail(text, max));
  });
  t.notThrows(() => fc.assert(cuts));
});

test('a run of marks longer than any character is cut, and the cut comes to an end', (t) => {
  const zalgo = `a${'\u0301'.repeat(500)}`;
  t.true(cutText(zalgo, 200).length <= 200);
  t.true(textTail(zalgo, 200).length <= 200);
});

test('what can be stored is stored as it is, the rest is replaced', (t) => {
  t.is(storableText('a\0b\ud83dc\ude00d😀'), 'a\ufffdb\ufffdc\ufffdd😀');
  const isStorable = fc.property(anyText, (text) => isStorableText(storableText(text)));
  const isKept = fc.property(anyText, (text) => isStorableText(text) === (storableText(text) === text));
  t.notThrows(() => [isStorable, isKept].forEach((property) => fc.assert(property)));
});

test('one line has no control character, line break or direction mark', (t) => {
  t.is(oneLine('a\r\nb\u001b[2Jc\u0085d\u202ee\u2066f\u2028g\ud83d'), 'a b [2Jc d e f g\ufffd');
});

test('a piece of UTF-8 begins with its first whole character', (t) => {
  const bytes = new TextEncoder().encode('😀é');
  const pieces = [0, 1, 2, 3, 4].map((at) => new TextDecoder().decode(fromFirstCharacter(bytes.subarray(at))));
  t.deepEqual(pieces, ['😀é', 'é', 'é', 'é', 'é']);
  t.is(fromFirstCharacter(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x41)).length, 5, 'not UTF-8');
});

test('a count has the form of its noun, and separators where it is large', (t) => {
  t.deepEqual([counted(1, 'task'), counted(0, 'task'), counted(12_345, 'file')], ['1 task', '0 tasks', '12,345 files']);
});
