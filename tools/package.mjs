// `npm run package`: writes dist/mitosis-VERSION.tgz, the whole program for this platform, and
// dist/mitosis-client-VERSION.tgz, the client for other people's programs. Both install with `npm install`. Needs a
// build.
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleClient } from './client-package.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

await mkdir(dist, { recursive: true });
await pack('mitosis', join(dist, 'mito'));
await pack('mitosis-client', await bundleClient(root));

async function pack(name, folder) {
  const { packFolder } = await import('../libs/executor/dist/index.js');
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = JSON.parse(await readFile(join(folder, 'files.json'), 'utf8'));
  const wanted = new Set(files.flatMap((file) => [file, ...foldersOf(file)]));
  const target = join(dist, `${name}-${version}.tgz`);
  await rm(target, { force: true });
  const leaveOut = (path) => (wanted.has(path) ? undefined : 'it belongs to another build');
  await packFolder(folder, target, { prefix: 'package', leaveOut });
  await chmod(target, 0o644);
  const size = (await stat(target)).size / 1e6;
  console.log(`${relative(process.cwd(), target)}: ${size.toFixed(1)} MB`);
}

function foldersOf(file) {
  const names = file.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
