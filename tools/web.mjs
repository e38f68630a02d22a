// Builds the web page (apps/web) into libs/coordinator/web, which the coordinator serves; nothing when that is up to
// date.
import { createHash } from 'node:crypto';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const INPUTS = [
  ...['apps/web/src', 'apps/web/index.html', 'apps/web/vite.config.mjs', 'package-lock.json'],
  // What the page takes from our libraries is a part of it.
  ...['libs/domain/src', 'libs/protocol/src', 'libs/experiment/src'],
];
const OUTPUT = 'libs/coordinator/web';

/** Names and contents of everything that the page is made of. */
async function digestOf(root) {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    const path = join(root, input);
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
    const files = entries
      ? entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      : [path];
    for (const file of files.sort()) hash.update(`${file.slice(root.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

export async function buildWeb(root) {
  const stamp = join(root, OUTPUT, '.sources');
  const digest = await digestOf(root);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return;
  const { build } = await import('vite');
  await build({ configFile: join(root, 'apps', 'web', 'vite.config.mjs') });
  await access(join(root, OUTPUT, 'index.html'));
  await writeFile(stamp, digest);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWeb(join(import.meta.dirname, '..'));
