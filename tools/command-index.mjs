// The commands of apps/mito as a list that names, describes and loads them one by one; made from what
// the built files below commands/ export.
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The classes in a file that can be typed. */
async function commandsIn(file) {
  const exported = Object.entries(await import(pathToFileURL(file).href));
  return exported.filter(
    ([, value]) => typeof value === 'function' && Object.hasOwn(value, 'paths') && Array.isArray(value.paths),
  );
}

/** The source of `command-index.ts`, from the folder of the built commands. */
export async function commandIndexSource(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const lines = [];
  for (const file of files.sort()) {
    const place = `./commands/${relative(folder, file).split(sep).join('/')}`;
    for (const [name, { paths, usage }] of await commandsIn(file)) {
      const typed = paths.map((path) => quote(path.join(' '))).join(', ');
      const about = usage
        ? `, about: { category: ${quote(usage.category ?? 'Other')}, description: ${quote(usage.description ?? '')} }`
        : '';
      lines.push(`  { paths: [${typed}]${about}, load: async () => (await import('${place}')).${name} },`);
    }
  }
  return [
    '// Made by tools/reference.mjs; do not edit.',
    "import type { CommandEntry } from './mito-context.js';",
    '',
    '/** The whole command tree. The path typed is the path of the file, which is loaded only for its command. */',
    'export const COMMANDS: readonly CommandEntry[] = [',
    ...lines,
    '];',
    '',
  ].join('\n');
}
