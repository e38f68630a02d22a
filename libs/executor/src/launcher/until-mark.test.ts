import test from 'ava';
import { UntilMark } from './until-mark.js';

const MARK = Buffer.from('MARK');

async function passed(before: readonly string[], after: readonly string[]): Promise<string> {
  const stream = new UntilMark(MARK);
  const read = stream.toArray();
  for (const text of before) stream.write(text);
  stream.arm();
  for (const text of after) stream.write(text);
  stream.end();
  return Buffer.concat(await read).toString();
}

test('everything before the mark is passed on, however it is cut', async (t) => {
  for (const after of [['last MARK'], ['last ', 'MA', 'RK'], ['last M', 'A', 'R', 'K', 'more']])
    t.is(await passed(['first '], after), 'first last ');
});

test('what looks like the mark and comes before it is armed is output', async (t) => {
  t.is(await passed(['MARK '], ['MARMARK']), 'MARK MAR');
});

test('without a mark all of it is passed on', async (t) => {
  t.is(await passed(['first '], ['last MAR']), 'first last MAR');
});
