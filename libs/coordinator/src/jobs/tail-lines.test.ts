import test from 'ava';
import { encodeFrame, type OutputStream } from '@mitosis/protocol';
import { tailLines } from './tail-lines.js';

const frames = (...pieces: [OutputStream, string][]): Buffer =>
  Buffer.concat(pieces.map(([stream, text]) => encodeFrame(stream, Buffer.from(text))));

test('the last lines are those of stderr, when it has any', (t) => {
  const bytes = frames(
    ['stdout', 'step 1\nstep 2\n'],
    ['stderr', 'Traceback\n'],
    ['stdout', 'x\n'],
    ['stderr', 'CUDA out of memory\n'],
  );
  t.deepEqual(tailLines(bytes, 5), ['Traceback', 'CUDA out of memory']);
  t.deepEqual(tailLines(bytes, 1), ['CUDA out of memory']);
  t.deepEqual(tailLines(frames(['stdout', 'a\n\nb\n']), 5), ['a', 'b']);
  t.deepEqual(tailLines(Buffer.alloc(0), 5), []);
});

test('an end that is cut in the middle of a frame gives the lines after it', (t) => {
  const bytes = frames(['stdout', `${'x'.repeat(300)}\n`], ['stdout', 'second\n'], ['stdout', 'third\n']);
  for (const cut of [1, 7, 8, 9, 200]) t.deepEqual(tailLines(bytes.subarray(cut), 5), ['second', 'third']);
});

test('what a program prints can not make reading its end slow', (t) => {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  // A million headers in a row that lead nowhere: looked at one by one, this would take hours.
  const printed = Buffer.concat([Buffer.concat(Array.from({ length: 1_000_000 }, () => header)), Buffer.from('end')]);
  const frame = encodeFrame('stdout', Buffer.from('last\n'));
  t.deepEqual(tailLines(Buffer.concat([printed, frame]), 5), ['last']);
});
