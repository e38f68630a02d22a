import test from 'ava';
import fc from 'fast-check';
import { nameOfCommand } from './task-name.js';
import { isStorableText } from './text.js';

const named = test.macro((t, args: string[], expected: string) => {
  t.is(nameOfCommand(args), expected);
});

test('a task is called by its command', named, ['echo', 'a b'], 'echo a b');
test('the name of a long command ends with a mark', named, ['x'.repeat(81)], `${'x'.repeat(79)}…`);
test('an emoji at the end of a long name is left out whole', named, [`${'x'.repeat(78)}😀😀`], `${'x'.repeat(78)}…`);
test('a name is one line without control characters', named, ['sh', '-c', 'a\n\n\tb\u001b[2J\u202e'], 'sh -c a b [2J ');

test('every command gives a name that can be stored', (t) => {
  const odd = ['\ud83d', '\ude00', '\0', '👨‍👩‍👧‍👦'];
  const words = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...odd)));
  const isFit = fc.property(words, (args) => {
    const name = nameOfCommand(args);
    return name.length <= 80 && isStorableText(name) && !/[\p{Cc}\p{Bidi_Control}]/u.test(name);
  });
  t.notThrows(() => fc.assert(isFit));
});
