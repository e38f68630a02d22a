import test from 'ava';
import { decodeJwt, SignJWT } from 'jose';
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
    for (const purpose of ['worker', 'attempt'] as const) {
      const token = await tokens.sign(purpose, { subject: 'one', id: 'one' }, expiresAt);
      const lateMs = (decodeJwt(token).exp ?? 0) * 1000 - expiresAt.getTime();
      t.true(lateMs >= 0 && lateMs < 1000, `${expiresAt.toISOString()}: ${lateMs} ms`);
      t.like(await tokens.verify(purpose, token), { subject: 'one', id: 'one' });
    }
  }
});

test('an attempt token is good for nothing else, with no other secret, and not after its time', async (t) => {
  const keys = await loadKeyPair(await tempDir(t));
  const [tokens, others] = [new Tokens(keys), new Tokens(await loadKeyPair(await tempDir(t)))];
  const claims = { subject: 'task', id: '1.lease' };
  const later = new Date(Date.now() + 60_000);
  const token = tokens.signAttempt(claims, later);
  t.is(tokens.purposeOf(token), 'attempt');
  t.deepEqual(await new Tokens(keys).verify('attempt', token), claims);
  for (const purpose of ['user', 'worker'] as const)
    await t.throwsAsync(tokens.verify(purpose, token), { code: 'invalid_token' });
  const [head, payload = '', mac = ''] = token.split('.');
  const changed = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('task', 'mask')).toString(
    'base64url',
  );
  for (const bad of [
    others.signAttempt(claims, later),
    tokens.signAttempt(claims, new Date(Date.now() - 1000)),
    `${head}.${changed}.${mac}`,
    `${head}.${payload}.`,
    `${Buffer.from('{"alg":"none","typ":"mito-attempt+jwt"}').toString('base64url')}.${payload}.`,
  ])
    await t.throwsAsync(tokens.verify('attempt', bad), { code: 'invalid_token' });
});

test('the token of an attempt that an earlier version has opened is still good', async (t) => {
  const keys = await loadKeyPair(await tempDir(t));
  const signed = (typ: string) =>
    new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', typ })
      .setIssuer('mitosis')
      .setAudience('mito:attempt')
      .setSubject('task')
      .setJti('1.lease')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(keys.privateKey);
  const tokens = new Tokens(keys);
  t.deepEqual(await tokens.verify('attempt', await signed('mito-attempt+jwt')), { subject: 'task', id: '1.lease' });
  await t.throwsAsync(tokens.verify('attempt', await signed('mito-user+jwt')), { code: 'invalid_token' });
});
