import test from 'ava';
import { Errno, WasiError } from './errno.js';
import { DEPTH_MAX, FileTree, NODES_MAX } from './file-tree.js';

const tree = (limitBytes = 1000): FileTree => new FileTree(limitBytes, () => 0n);

function errnoOf(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof WasiError) return error.errno;
    throw error;
  }
  return Errno.success;
}

test('a path is found part by part, and never above where it began', (t) => {
  const files = tree();
  const folder = files.addFolder(files.root, 'a');
  const file = files.addFile(folder, 'b');
  t.is(files.find(files.root, 'a/b').node, file);
  t.is(files.find(files.root, './a//../a/./b').node, file);
  t.is(files.find(folder, '.').node, folder);
  t.is(files.find(files.root, 'a/new').node, undefined);
  for (const path of ['..', 'a/../..', '/a'])
    t.is(
      errnoOf(() => files.find(files.root, path)),
      Errno.notcapable,
      path,
    );
  for (const path of ['../a', 'b/../..'])
    t.not(
      errnoOf(() => files.find(folder, path)),
      Errno.success,
      path,
    );
  t.is(
    errnoOf(() => files.find(files.root, 'a/b/c')),
    Errno.notdir,
  );
  t.is(
    errnoOf(() => files.find(files.root, 'a/b/')),
    Errno.notdir,
  );
  t.is(
    errnoOf(() => files.find(files.root, 'missing/c')),
    Errno.noent,
  );
  t.is(
    errnoOf(() => files.find(files.root, '')),
    Errno.noent,
  );
});

test('the room of a file comes back when it is gone and closed', (t) => {
  const files = tree(1000);
  const file = files.addFile(files.root, 'a');
  files.resize(file, 1000);
  t.is(
    errnoOf(() => files.resize(files.addFile(files.root, 'b'), 1)),
    Errno.nospc,
  );
  file.openCount = 1;
  files.remove(files.root, 'a');
  t.is(
    errnoOf(() => files.resize(files.addFile(files.root, 'c'), 1)),
    Errno.nospc,
  );
  file.openCount = 0;
  files.release(file);
  t.is(
    errnoOf(() => files.resize(files.addFile(files.root, 'd'), 1000)),
    Errno.success,
  );
});

test('bytes that a file lost and gets back are zero', (t) => {
  const files = tree();
  const file = files.addFile(files.root, 'a');
  files.resize(file, 10);
  file.content.fill(7);
  files.resize(file, 2);
  files.resize(file, 5);
  t.deepEqual([...file.content.subarray(0, 5)], [7, 7, 0, 0, 0]);
});

test('a folder does not go into itself, nor too deep', (t) => {
  const files = tree();
  const outer = files.addFolder(files.root, 'outer');
  const inner = files.addFolder(outer, 'inner');
  t.is(
    errnoOf(() => files.demandMovable(outer, inner)),
    Errno.inval,
  );
  t.is(
    errnoOf(() => files.demandMovable(outer, outer)),
    Errno.inval,
  );
  let deepest = files.root;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) deepest = files.addFolder(deepest, 'd');
  t.is(
    errnoOf(() => files.addFolder(deepest, 'd')),
    Errno.nametoolong,
  );
  t.is(
    errnoOf(() => files.demandMovable(outer, deepest)),
    Errno.nametoolong,
  );
});

test('files and folders are counted, and their number has a limit', (t) => {
  const files = tree();
  for (let index = 0; index < NODES_MAX; index += 1) files.addFile(files.root, `f${index}`);
  t.is(
    errnoOf(() => files.addFile(files.root, 'more')),
    Errno.nospc,
  );
  t.true(files.isExhausted);
  files.remove(files.root, 'f0');
  t.is(
    errnoOf(() => files.addFolder(files.root, 'more')),
    Errno.success,
  );
});

test('inputs lie under their paths and can not be in each other’s way', (t) => {
  const files = tree();
  const folder = files.addFolder(files.root, 'resource', true);
  files.addInput(folder, 'a/b', 1, 10);
  files.addInput(folder, 'a/c', 2, 20);
  t.like(files.find(files.root, 'resource/a/c').node, { kind: 'input', source: 2, sizeBytes: 20 });
  t.is(
    errnoOf(() => files.addInput(folder, 'a', 3, 1)),
    Errno.exist,
  );
  t.is(
    errnoOf(() => files.addInput(folder, 'a/b/c', 3, 1)),
    Errno.notdir,
  );
});
