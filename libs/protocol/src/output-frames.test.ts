import test from 'ava';
import fc from 'fast-check';
import { MitoError } from '@mitosis/domain';
import {
  encodeFrame,
  encodeFrameHeader,
  FrameDecoder,
  OUTPUT_FRAME_PAYLOAD_MAX_BYTES,
  type OutputFrame,
  type OutputStream,
} from './output-frames.js';

const frames = fc.array(
  fc.record({
    stream: fc.constantFrom<OutputStream>('stdout', 'stderr', 'notice'),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 20 },
);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test('frames come back as they were, however the bytes are cut', (t) => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, sizes) => {
      const decoder = new FrameDecoder();
      const bytes = concat(sent.map(({ stream, payload }) => encodeFrame(stream, payload)));
      const got: OutputFrame[] = cut(bytes, sizes).flatMap((chunk) => decoder.push(chunk));
      t.deepEqual(got, sent);
      t.true(decoder.isAtBoundary);
    }),
  );
});

test('arbitrary bytes are decoded or refused, never anything else', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const decoder = new FrameDecoder();
      try {
        for (const chunk of chunks) decoder.push(chunk);
      } catch (error) {
        t.true(error instanceof MitoError && error.code === 'invalid_output_frame');
        t.throws(() => decoder.push(new Uint8Array(1)), { code: 'invalid_output_frame' });
      }
    }),
  );
});

test('the header is the one of the Docker stream protocol', (t) => {
  t.deepEqual([...encodeFrame('stdout', Buffer.from('ab'))], [1, 0, 0, 0, 0, 0, 0, 2, 97, 98]);
  t.deepEqual([...encodeFrameHeader('stderr', 0x0102)], [2, 0, 0, 0, 0, 0, 1, 2]);
});

test('a header that announces too much is refused before anything is kept', (t) => {
  const header = new Uint8Array([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  t.throws(() => new FrameDecoder().push(header), { code: 'invalid_output_frame' });
  t.throws(() => encodeFrameHeader('stdout', OUTPUT_FRAME_PAYLOAD_MAX_BYTES + 1), { code: 'invalid_output_frame' });
});

test('an unfinished frame is not at a boundary', (t) => {
  const decoder = new FrameDecoder();
  decoder.push(encodeFrame('stdout', Buffer.from('abc')).subarray(0, 9));
  t.false(decoder.isAtBoundary);
});

test('an empty payload is a frame of its own', (t) => {
  t.deepEqual(new FrameDecoder().push(encodeFrame('notice', new Uint8Array(0))), [
    { stream: 'notice', payload: new Uint8Array(0) },
  ]);
});
