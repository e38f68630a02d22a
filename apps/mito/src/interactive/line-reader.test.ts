import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import { LineReader } from './line-reader.js';

test('two Tabs before the first candidates came insert their common part once', async (t) => {
  const input = new PassThrough();
  const output = new PassThrough();
  const asked: string[] = [];
  const reader = new LineReader({
    input,
    output,
    prompt: '> ',
    isTerminal: true,
    complete: async (line) => {
      asked.push(line);
      await nextTurn();
      return [['01a22301', '01a22302'], line.split(' ').at(-1) ?? ''];
    },
  });
  const line = reader.next([]);
  // Each its own chunk: readline completes only at the end of one.
  for (const chunk of ['tasks get ', '\t', '\t']) input.write(chunk);
  const shown = async (): Promise<string> => String((output.read() as Buffer | null) ?? '');
  let seen = await shown();
  while (!seen.includes('01a22302')) {
    await nextTurn();
    seen += await shown();
  }
  input.write('1\r');
  t.is(await line, 'tasks get 01a22301');
  t.deepEqual(asked, ['tasks get ', 'tasks get 01a2230']);
});
