import test from 'ava';
import fc from 'fast-check';
import { UrlSigner, type Grant } from './signed-url.js';

const NOW = new Date('2026-11-21T00:00:00Z');
const LATER = new Date('2026-11-21T00:01:00Z');
const signer = new UrlSigner(Buffer.alloc(32, 7), () => NOW);

const grants: readonly Grant[] = [
  { purpose: 'get', key: 'a/b@c=1,2+3~4', downloadName: 'ä & b?c=d#e%20' },
  { purpose: 'put', key: 'a', sizeBytes: 0, overwrite: false },
  { purpose: 'put', key: 'a', sizeBytes: 5 * 2 ** 30, overwrite: true },
  { purpose: 'part', key: 'a', sizeBytes: 10, uploadId: '7c2a', partNumber: 3 },
];

for (const grant of grants) {
  test(`a signed URL grants what was signed: ${JSON.stringify(grant)}`, (t) => {
    t.deepEqual(signer.verify(signer.sign(grant, LATER)), grant);
  });
}

test('a URL ends at its expiry, on the second', (t) => {
  const url = signer.sign(grants[0] as Grant, LATER);
  const at = (time: number): UrlSigner => new UrlSigner(Buffer.alloc(32, 7), () => new Date(time));
  t.notThrows(() => at(LATER.getTime() - 1).verify(url));
  t.throws(() => at(LATER.getTime()).verify(url), { code: 'url_expired' });
});

test('a URL with any one character changed, added or removed is refused', (t) => {
  const printable = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
  fc.assert(
    fc.property(
      fc.constantFrom(...grants),
      fc.nat(),
      printable,
      fc.constantFrom(0, 1),
      (grant, position, character, removed) => {
        const url = signer.sign(grant, LATER);
        const at = position % url.length;
        const bent = url.slice(0, at) + character + url.slice(at + removed);
        return grantedBy(bent, grant);
      },
    ),
    { numRuns: 20_000 },
  );
  t.pass();
});

/** Refused, or, for another spelling of the same URL (`%41` for `A`), granting the very same. */
function grantedBy(url: string, grant: Grant): boolean {
  try {
    return JSON.stringify(signer.verify(url)) === JSON.stringify(grant);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'invalid_signature';
  }
}

test('neither key and parameters nor purposes can be shifted into each other', (t) => {
  const url = signer.sign({ purpose: 'part', key: 'a', sizeBytes: 10, uploadId: 'x', partNumber: 1 }, LATER);
  for (const [from, to] of [
    ['for=part', 'for=put'],
    ['&part=1', ''],
    ['size=10', 'size=010'],
    ['size=10', 'size=10&size=99'],
    ['exp=', 'exp=9&exp='],
  ] as const) {
    t.throws(() => signer.verify(url.replace(from, to)), { code: 'invalid_signature' }, to);
  }
});
