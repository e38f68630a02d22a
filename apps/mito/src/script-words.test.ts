import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { tempDir } from '@mitosis/testing';
import { endOptionsAtScript } from './script-words.js';

const option = (names: string, takesValue: boolean): { names: string[]; takesValue: boolean; description: string } => ({
  names: names.split(','),
  takesValue,
  description: '',
});
const OPTIONS = [option('-q,--quiet', false), option('--timeout', true), option('-t,--tags', true)];

function becomes(typed: string, expected: string): void {
  test(`${typed} becomes ${expected}`, (t) => {
    t.deepEqual(endOptionsAtScript(typed.split(' '), OPTIONS), expected.split(' '));
  });
}

becomes('submit train.sh --quiet', 'submit -- train.sh --quiet');
becomes('client submit -q --timeout 1h train.py --lr 0.5', 'client submit -q --timeout 1h -- train.py --lr 0.5');
becomes('--coordinator=submit submit --timeout=1h a.sh -t x', '--coordinator=submit submit --timeout=1h -- a.sh -t x');
becomes('submit --timeout a.sh b.sh', 'submit --timeout a.sh -- b.sh');
becomes('submit true --quiet', 'submit true --quiet');
becomes('submit -q -- a.sh --quiet', 'submit -q -- a.sh --quiet');
becomes('submit -q', 'submit -q');

test('a file is a script whatever its name', async (t) => {
  const file = path.join(await tempDir(t), 'train');
  await writeFile(file, '#!/bin/sh\n');
  t.deepEqual(endOptionsAtScript(['submit', file, '-q'], OPTIONS), ['submit', '--', file, '-q']);
});
