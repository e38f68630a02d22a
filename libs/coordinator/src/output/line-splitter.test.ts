import test from 'ava';
import { encodeFrame, type OutputStream } from '@mitosis/protocol';
import { LineSplitter, type LinePosition } from './line-splitter.js';

const frames = (...pieces: [OutputStream, string][]): Buffer =>
  Buffer.concat(pieces.map(([stream, text]) => encodeFrame(stream, Buffer.from(text))));

function split(bytes: Buffer, { chunk = bytes.length, from = { frame: 0, skip: 0 } as LinePosition } = {}) {
  const splitter = new LineSplitter(from.frame, from.skip);
  const lines: { stream: string; text: string; position: LinePosition }[] = [];
  let text = '';
  for (let at = from.frame; at < bytes.length; at += chunk)
    splitter.push(bytes.subarray(at, at + chunk), (piece, { frame, skip }) => {
      text += Buffer.from(piece.bytes).toString('latin1');
      if (piece.isEnd) lines.push({ stream: piece.stream, text, position: { frame, skip } });
      if (piece.isEnd) text = '';
      return true;
    });
  return { lines, rest: text, open: splitter.open, offset: splitter.offset };
}

test('a line ends at a newline, and where the other stream begins', (t) => {
  const bytes = frames(['stdout', 'a\nb'], ['stderr', 'warn\n'], ['stdout', 'c\n\nd']);
  const { lines, rest, open } = split(bytes);
  t.deepEqual(
    lines.map(({ stream, text }) => `${stream}:${text}`),
    ['stdout:a', 'stdout:b', 'stderr:warn', 'stdout:c', 'stdout:'],
  );
  t.is(rest, 'd');
  t.is(open?.stream, 'stdout');
});

test('the lines are the same however the bytes are cut, and from the beginning of each line on', (t) => {
  const bytes = frames(['stdout', 'one\ntw'], ['stdout', 'o\n'], ['notice', 'x'], ['stderr', '\nlast line\nopen']);
  const whole = split(bytes);
  for (const chunk of [1, 3, 7, 64]) t.deepEqual(split(bytes, { chunk }), whole);
  for (const [index, { position }] of whole.lines.entries())
    t.deepEqual(split(bytes, { from: position }).lines, whole.lines.slice(index));
});
