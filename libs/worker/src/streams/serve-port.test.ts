import test from 'ava';
import { PortFinder } from './serve-port.js';

test('hundreds who ask for ports of an attempt at once cost one look', async (t) => {
  let looks = 0;
  const finder = new PortFinder(async () => ((looks += 1), [80]));
  const found = await Promise.all(Array.from({ length: 300 }, () => finder.around(80)));
  t.true(found.every((ports) => ports?.includes(80)));
  t.is(looks, 1);
});

test('a port that was not there is looked for once more, after a rest, by all who ask for it together', async (t) => {
  const looks: number[] = [];
  const finder = new PortFinder(async () => (looks.push(performance.now()), looks.length > 1 ? [80, 81] : [80]));
  t.deepEqual(await finder.around(80), [80]);
  const found = await Promise.all(Array.from({ length: 300 }, () => finder.around(81)));
  t.true(found.every((ports) => ports?.includes(81)));
  t.is(looks.length, 2);
  t.true((looks[1] ?? 0) - (looks[0] ?? 0) > 900);
});

test('a look that fails is an error of those who asked, and of nobody later', async (t) => {
  let looks = 0;
  const finder = new PortFinder(async () => {
    if ((looks += 1) === 1) throw new Error('no memory');
    return [80];
  });
  await t.throwsAsync(finder.around(80), { message: 'no memory' });
  t.deepEqual(await finder.around(80), [80]);
});
