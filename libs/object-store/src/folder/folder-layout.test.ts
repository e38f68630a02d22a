import { basename, dirname } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { entryOf, FolderLayout } from './folder-layout.js';

const layout = new FolderLayout('/store');
const key = fc
  .array(
    fc.stringMatching(/^[A-Za-z0-9._=@+,~-]{1,120}$/).filter((segment) => segment !== '.' && segment !== '..'),
    { minLength: 1, maxLength: 6 },
  )
  .map((segments) => segments.join('/'));

test('an object and a folder of the same name lie side by side', (t) => {
  t.is(layout.objectFile('a'), '/store/objects/a.o');
  t.is(layout.objectFile('a/b'), '/store/objects/a.d/b.o');
  t.is(layout.objectFile('a.d/b'), '/store/objects/a.d.d/b.o');
  t.is(layout.objectFile('Ab'), '/store/objects/^ab.o');
});

test('every key has a file of its own below objects, even where case is ignored', (t) => {
  fc.assert(
    fc.property(key, key, (one, other) => {
      const [a, b] = [layout.objectFile(one), layout.objectFile(other)];
      return (
        a.startsWith('/store/objects/') &&
        !a.includes('/../') &&
        (one === other) === (a.toLowerCase() === b.toLowerCase())
      );
    }),
  );
  t.pass();
});

test('a file tells its key', (t) => {
  fc.assert(
    fc.property(key, (one) => {
      const parts = [{ kind: 'object', segment: '' }];
      let path = layout.objectFile(one);
      parts[0] = entryOf(basename(path)) ?? { kind: 'none', segment: '' };
      for (path = dirname(path); path !== '/store/objects'; path = dirname(path))
        parts.unshift(entryOf(basename(path)) ?? { kind: 'none', segment: '' });
      return (
        parts.map(({ segment }) => segment).join('/') === one &&
        parts.at(-1)?.kind === 'object' &&
        parts.slice(0, -1).every(({ kind }) => kind === 'folder')
      );
    }),
  );
  t.pass();
});

test('no name is too long for a file system', (t) => {
  t.true(basename(layout.objectFile('A'.repeat(120))).length <= 255);
  t.is(entryOf('stranger.txt'), undefined);
});
