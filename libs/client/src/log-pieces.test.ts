import test from 'ava';
import { encodeFrame } from '@mitosis/protocol';
import type { OutputItem } from './follow-output.js';
import { logPieces, type LogPiece } from './log-pieces.js';

async function* from(items: readonly OutputItem[]): AsyncGenerator<OutputItem> {
  yield* items;
}

async function collect(items: readonly OutputItem[]): Promise<LogPiece[]> {
  const pieces: LogPiece[] = [];
  for await (const piece of logPieces(from(items))) pieces.push(piece);
  return pieces;
}

test('output becomes text, wherever it was cut', async (t) => {
  const euro = Buffer.from('€');
  const bytes = Buffer.concat([
    encodeFrame('stdout', Buffer.from('a')),
    encodeFrame('stdout', euro.subarray(0, 1)),
    encodeFrame('stderr', Buffer.from('b')),
    encodeFrame('stdout', euro.subarray(1)),
  ]);
  const items = [bytes.subarray(0, 3), bytes.subarray(3, 12), bytes.subarray(12)].map(
    (frames) => ({ type: 'frames', attempt: 1, offset: 0, frames }) as const,
  );
  const pieces = await collect(items);
  t.is(
    pieces
      .filter(({ stream }) => stream === 'stdout')
      .map(({ text }) => text)
      .join(''),
    'a€',
  );
  t.is(
    pieces
      .filter(({ stream }) => stream === 'stderr')
      .map(({ text }) => text)
      .join(''),
    'b',
  );
});

test('a new attempt begins with its first byte', async (t) => {
  const half = encodeFrame('stdout', Buffer.from('lost')).subarray(0, 9);
  const items = [
    { type: 'frames', attempt: 1, offset: 0, frames: Buffer.from(half) },
    { type: 'frames', attempt: 2, offset: 0, frames: Buffer.from(encodeFrame('stdout', Buffer.from('again'))) },
  ] as const;
  t.deepEqual(await collect(items), [{ stream: 'stdout', text: 'again', attempt: 2 }]);
});
