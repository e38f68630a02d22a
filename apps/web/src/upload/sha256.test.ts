import { createHash, randomBytes } from 'node:crypto';
import test from 'ava';
import { Sha256 } from './sha256.js';

test('the digest is that of Node.js for every length around a block, however the bytes are cut', (t) => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1_000, 100_003]) {
    const bytes = randomBytes(length);
    const hash = new Sha256();
    for (let at = 0; at < length; at += 37) hash.update(bytes.subarray(at, at + 37));
    t.is(hash.hex(), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
  }
});
