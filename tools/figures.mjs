// `node tools/figures.mjs`: the shape of the code in figures: files and their length, exports that one file uses,
// circles between folders, wide lines. They show whether it gets better or worse.
import { join } from 'node:path';
import { folderCircles, readSources, wideLines, WIDTH, withoutTests } from './shape.mjs';

const files = await readSources(join(import.meta.dirname, '..'));
const product = withoutTests(files);

const lengths = [...product.values()].map((text) => text.split('\n').length - 1).sort((a, b) => a - b);
const at = (share) => lengths[Math.min(Math.floor(lengths.length * share), lengths.length - 1)];
const rows = [
  ['product files / lines', `${product.size} / ${lengths.reduce((sum, length) => sum + length, 0)}`],
  ['length of a file: median / p90 / max', `${at(0.5)} / ${at(0.9)} / ${at(1)}`],
  ['files of up to 30 lines', lengths.filter((length) => length <= 30).length],
  ['test files', [...files.keys()].filter((file) => file.endsWith('.test.ts')).length],
  ['exported names / used by exactly one other file', exportsUsedOnce().join(' / ')],
  [`lines wider than ${WIDTH}`, wideLines(files).length],
  [
    'circles between folders of one part',
    folderCircles(product)
      .map((circle) => circle.join(' '))
      .join('; ') || 0,
  ],
];
for (const [name, value] of rows) console.log(`${name}: ${value}`);

function exportsUsedOnce() {
  const EXPORT = /^export (?:declare )?(?:abstract )?(?:async )?(?:const|function|class|interface|type|enum) (\w+)/gm;
  const names = [...product].flatMap(([file, text]) => [...text.matchAll(EXPORT)].map(([, name]) => ({ file, name })));
  const words = new Map([...product].map(([file, text]) => [file, new Set(text.match(/\w+/g))]));
  const users = ({ file, name }) =>
    [...words].filter(([other, has]) => other !== file && !other.endsWith('/index.ts') && has.has(name)).length;
  return [names.length, names.filter((one) => users(one) === 1).length];
}
