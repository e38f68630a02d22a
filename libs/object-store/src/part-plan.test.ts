import test from 'ava';
import fc from 'fast-check';
import {
  missingParts,
  OBJECT_MAX_BYTES,
  partSpan,
  planParts,
  SINGLE_PUT_MAX_BYTES,
  streamPartBytes,
} from './part-plan.js';

const MIB = 2 ** 20;

test('small objects have parts of 16 MiB, large ones a thousand larger parts', (t) => {
  t.deepEqual(planParts(1), { partSizeBytes: 16 * MIB, partCount: 1 });
  t.deepEqual(planParts(16 * MIB + 1), { partSizeBytes: 16 * MIB, partCount: 2 });
  t.deepEqual(planParts(20e9), { partSizeBytes: 20 * MIB, partCount: 954 });
});

test('parts cover an object without gap or overlap, within what stores allow', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: OBJECT_MAX_BYTES }), (sizeBytes) => {
      const plan = planParts(sizeBytes);
      const spans = Array.from({ length: plan.partCount }, (_, index) => partSpan({ sizeBytes, ...plan }, index + 1));
      let end = 0;
      for (const span of spans) {
        if (span.offset !== end || span.sizeBytes < 1 || span.sizeBytes > SINGLE_PUT_MAX_BYTES) return false;
        end += span.sizeBytes;
      }
      return end === sizeBytes && plan.partCount <= 1000 && plan.partSizeBytes >= 5 * MIB;
    }),
  );
  t.pass();
});

test('what has not arrived is missing', (t) => {
  t.deepEqual(missingParts(4, [{ partNumber: 3 }, { partNumber: 1 }]), [2, 4]);
  t.deepEqual(missingParts(1, [{ partNumber: 1 }]), []);
});

test('the parts of a stream stay small enough for memory', (t) => {
  t.is(streamPartBytes(undefined), 8 * MIB);
  t.is(streamPartBytes(1000), 8 * MIB);
  t.is(streamPartBytes(20e9), 20 * MIB);
  t.is(streamPartBytes(OBJECT_MAX_BYTES), 64 * MIB);
});
