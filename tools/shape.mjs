// The shape of the code that `npm run lint` holds to, and that `tools/figures.mjs` counts.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { sourceFolders } from './projects.mjs';

export const WIDTH = 120;
const TESTS = /\.test\.tsx?$|\/testing\/|\/conformance\/|\/e2e\//;

/** The sources of every package with their texts, by path below `root`. */
export async function readSources(root) {
  const files = new Map();
  for (const folder of await sourceFolders(root)) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (/\.tsx?$/.test(name)) files.set(join(folder, name), await readFile(join(root, folder, name), 'utf8'));
    }
  }
  return files;
}

export const withoutTests = (files) => new Map([...files].filter(([file]) => !TESTS.test(file)));

/** Lines that Prettier can't break: comments and strings. */
export function wideLines(files) {
  return [...files].flatMap(([file, text]) =>
    text.split('\n').flatMap((line, index) => (line.length > WIDTH ? [`${file}:${index + 1}`] : [])),
  );
}

/** The folders of a part that import each other in a circle, by the algorithm of Tarjan. */
export function folderCircles(files) {
  const edges = new Map();
  for (const [file, text] of files) {
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
