// `node tools/figures.mjs`: the shape of the code in figures: files and their length, exports that one file uses,
// circles between folders, wide lines. Nothing depends on them; they show whether it gets better or worse.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceFolders } from './projects.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const WIDTH = 120;

const files = new Map();
for (const folder of await sourceFolders(root)) {
  for (const name of await readdir(join(root, folder), { recursive: true })) {
    if (name.endsWith('.ts')) files.set(join(folder, name), await readFile(join(root, folder, name), 'utf8'));
  }
}
const product = new Map([...files].filter(([file]) => !/\.test\.ts$|\/testing\/|\/conformance\/|\/e2e\//.test(file)));

const lengths = [...product.values()].map((text) => text.split('\n').length - 1).sort((a, b) => a - b);
const at = (share) => lengths[Math.min(Math.floor(lengths.length * share), lengths.length - 1)];
const rows = [
  ['product files / lines', `${product.size} / ${lengths.reduce((sum, length) => sum + length, 0)}`],
  ['length of a file: median / p90 / max', `${at(0.5)} / ${at(0.9)} / ${at(1)}`],
  ['files of up to 30 lines', lengths.filter((length) => length <= 30).length],
  ['test files', [...files.keys()].filter((file) => file.endsWith('.test.ts')).length],
  ['exported names / used by exactly one other file', exportsUsedOnce().join(' / ')],
  [`lines wider than ${WIDTH}`, [...files.values()].flatMap((text) => text.split('\n')).filter(isWide).length],
  [
    'circles between folders of one part',
    folderCircles()
      .map((circle) => circle.join(' '))
      .join('; ') || 0,
  ],
];
for (const [name, value] of rows) console.log(`${name}: ${value}`);

function isWide(line) {
  return line.length > WIDTH;
}

function exportsUsedOnce() {
  const EXPORT = /^export (?:declare )?(?:abstract )?(?:async )?(?:const|function|class|interface|type|enum) (\w+)/gm;
  const names = [...product].flatMap(([file, text]) => [...text.matchAll(EXPORT)].map(([, name]) => ({ file, name })));
  const words = new Map([...product].map(([file, text]) => [file, new Set(text.match(/\w+/g))]));
  const users = ({ file, name }) =>
    [...words].filter(([other, has]) => other !== file && !other.endsWith('/index.ts') && has.has(name)).length;
  return [names.length, names.filter((one) => users(one) === 1).length];
}

/** The folders of a part that import each other in a circle, by the algorithm of Tarjan. */
function folderCircles() {
  const edges = new Map();
  for (const [file, text] of product) {
    for (const [, target] of text.matchAll(/from '(\.[^']+)'/g)) {
      const [from, to] = [dirname(file), dirname(normalize(join(dirname(file), target)))];
      if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  const [order, low, open, circles] = [new Map(), new Map(), [], []];
  const visit = (folder) => {
    order.set(folder, order.size);
    low.set(folder, order.get(folder));
    open.push(folder);
    for (const next of edges.get(folder) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) low.set(folder, Math.min(low.get(folder), low.get(next)));
    }
    if (low.get(folder) !== order.get(folder)) return;
    const circle = open.splice(open.indexOf(folder));
    if (circle.length > 1) circles.push(circle);
  };
  for (const folder of edges.keys()) if (!order.has(folder)) visit(folder);
  return circles;
}
