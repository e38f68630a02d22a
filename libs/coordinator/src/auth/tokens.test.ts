import test from 'ava';
import { decodeJwt } from 'jose';
import { tempDir } from '@mitosis/testing';
import { loadKeyPair } from './key-pair.js';
import { Tokens } from './tokens.js';

test('a token is good for as long as it is said to be, whatever part of a second it ends in', async (t) => {
  const tokens = new Tokens(await loadKeyPair(await tempDir(t)));
  for (const expiresAt of [
    new Date('2100-01-01T00:00:00.000Z'),
    new Date('2100-01-01T00:00:00.001Z'),
    new Date('2100-01-01T00:00:00.999Z'),
  ]) {
    const token = await tokens.sign('worker', { subject: 'one', id: 'one' }, expiresAt);
    const lateMs = (decodeJwt(token).exp ?? 0) * 1000 - expiresAt.getTime();
    t.true(lateMs >= 0 && lateMs < 1000, `${expiresAt.toISOString()}: ${lateMs} ms`);
    t.like(await tokens.verify('worker', token), { subject: 'one', id: 'one' });
  }
});
