import test from 'ava';
import { WorkFolder } from './work-folder.js';

test('a full disk is noticed and said once, and so is that there is room again', (t) => {
  const said: string[] = [];
  const say = (_facts: object, text: string): void => void said.push(text);
  let free = 10_000_000;
  const folder = new WorkFolder('/work', { debug: say, info: say, warn: say, error: say }, () => free);
  t.false(folder.look());
  free = 1_000;
  t.true(folder.look());
  t.false(folder.look(), 'still full');
  t.false(folder.hasRoom);
  free = 10_000_000;
  t.true(folder.look());
  t.true(folder.hasRoom);
  t.is(said.length, 2);
});
