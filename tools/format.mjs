// `npm run format`: rewrites every source file as Prettier formats it. `npm run lint` checks the same files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FILES = ['{apps,libs,tools,bench}/**/*.{ts,tsx,mjs,cts,css}', '.dependency-cruiser.cjs'];

/** One line for each file whose format differs. */
export async function checkFormat(root) {
  const { code, lines } = await prettier(root, '--list-different');
  if (code === 0) return [];
  if (code === 1 && lines.length > 0) return lines.map((file) => `${file}: not formatted; run "npm run format"`);
  return [`prettier failed with exit code ${code}`];
}

async function prettier(root, mode) {
  const program = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
  const child = spawn(process.execPath, [program, mode, '--log-level', 'warn', '--cache', ...FILES], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const text = Buffer.concat(await child.stdout.toArray()).toString('utf8');
  const [code] = await ended;
  return { code, lines: text.split('\n').filter((line) => line !== '') };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code } = await prettier(join(import.meta.dirname, '..'), '--write');
  process.exitCode = code;
}
