import test from 'ava';
import { maskText, SecretMask } from './secret-mask.js';

const SECRET = 'hunter2-with-forty-characters-0123456789';

function masked(values: readonly string[], chunks: readonly string[]): string {
  const mask = new SecretMask(values);
  return Buffer.concat([...chunks.map((chunk) => mask.push(Buffer.from(chunk))), mask.end()]).toString();
}

test('a secret is masked however it is cut into writes', (t) => {
  const text = `before ${SECRET} after`;
  t.is(masked([SECRET], [text]), 'before *** after');
  t.is(masked([SECRET], [...text]), 'before *** after');
  for (let at = 0; at < text.length; at++)
    t.is(masked([SECRET], [text.slice(0, at), text.slice(at)]), 'before *** after');
});

test('what only begins like a secret is shown, at the end at the latest', (t) => {
  t.is(masked([SECRET], ['hunter2-with', ' nothing']), 'hunter2-with nothing');
  t.is(masked([SECRET], ['hunter2-with']), 'hunter2-with');
  t.is(new SecretMask([SECRET]).push(Buffer.from('no secret here')).toString(), 'no secret here');
});

test('a value of several lines is masked by line, as one line, in JSON and in base64', (t) => {
  const pem = '-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nab\n-----END KEY-----\n';
  t.is(masked([pem], [pem]), '***\n'.trimStart());
  t.is(masked([pem], ['MIIEpAIBAAKCAQEA', '\n']), '***\n');
  t.is(masked([pem], [pem.trim().replaceAll('\n', ' ')]), '***');
  t.is(masked([pem], [JSON.stringify({ key: pem })]), '{"key":"***"}');
  t.is(masked([pem], [`Basic ${Buffer.from(pem).toString('base64')}`]), 'Basic ***');
  t.is(masked([pem], ['ab']), 'ab', 'a short line is not a secret');
});

test('of a value in the base64 of a longer text nothing is left but the letters at its ends', (t) => {
  for (const secret of [SECRET, 'token-8c', 'token-89c', 'token-890c'])
    for (const before of ['', 'x', 'me', 'user:', 'somebody:'])
      for (const after of ['', '\n', ' x', ', and more']) {
        const text = Buffer.from(`${before}${secret}${after}`).toString('base64');
        const shown = Buffer.from(masked([secret], [text]).replace('***', ''), 'base64').toString('latin1');
        t.true(masked([secret], [text]).includes('***'), text);
        for (let at = 0; at + 3 <= secret.length; at++) t.false(shown.includes(secret.slice(at, at + 3)), text);
      }
});

test('several secrets, one the beginning of another, next to each other', (t) => {
  const longer = `${SECRET}-and-more`;
  t.is(masked([SECRET, longer], [`${longer} ${SECRET}${SECRET}`]), '*** ******');
  t.is(masked(['aaaaaaaa', 'aaaaaaaab'], [...'aaaaaaaaaaab']), masked(['aaaaaaaa', 'aaaaaaaab'], ['aaaaaaaaaaab']));
});

test('across the border of 64 KiB, and in text', (t) => {
  const filler = 'x'.repeat(65_530);
  t.is(masked([SECRET], [`${filler}${SECRET.slice(0, 6)}`, SECRET.slice(6)]), `${filler}***`);
  t.is(maskText(`failed with ${SECRET}`, [SECRET]), 'failed with ***');
  t.is(maskText('nothing', []), 'nothing');
});
