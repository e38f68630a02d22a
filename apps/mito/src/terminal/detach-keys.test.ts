import test from 'ava';
import { DetachKeys } from './detach-keys.js';

function taken(...pieces: string[]): string {
  const keys = new DetachKeys();
  return pieces
    .map((piece) => {
      const { typed, isDetached } = keys.take(Buffer.from(piece));
      return `${Buffer.from(typed).toString()}${isDetached ? '|' : ''}`;
    })
    .join('');
}

test('ctrl-p ctrl-q detaches, in one piece or in two, and is not typed', (t) => {
  t.is(taken('ab\u0010\u0011cd'), 'ab|');
  t.is(taken('ab\u0010', '\u0011'), 'ab|');
  t.is(taken('\u0010\u0010\u0011'), '\u0010|');
});

test('either key alone is typed', (t) => {
  t.is(taken('a\u0011b'), 'a\u0011b');
  t.is(taken('a\u0010b'), 'a\u0010b');
  t.is(taken('a\u0010', 'b'), 'a\u0010b');
});
