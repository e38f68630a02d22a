// Compiles the workloads and the AssemblyScript templates to WebAssembly, into workloads/dist.
//   node workloads/build.mjs            builds what is out of date
//   node workloads/build.mjs --force    builds everything
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const programs = {
  matrix_mul: 'matrix_mul/main.ts',
  password_hash: 'password_hash/main.ts',
  mandelbrot: 'mandelbrot/main.ts',
  count_primes: 'templates/assemblyscript/count-primes.ts',
};

const newestSource = newest(root);

function newest(folder) {
  const times = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'dist' && name !== 'node_modules')
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => (statSync(path).isDirectory() ? newest(path) : statSync(path).mtimeMs));
  return Math.max(0, ...times);
}

async function compile(name, source) {
  const { default: asc } = await import('assemblyscript/asc');
  const output = join('dist', `${name}.wasm`);
  const { error, stderr } = await asc.main([
    source,
    ...['--baseDir', root],
    ...['--outFile', output],
    ...['--use', 'abort=lib/program/abort'],
    ...['--exportStart', '_start'],
    ...['--runtime', 'incremental'],
    ...['--enable', 'simd'],
    '-O3',
  ]);
  if (error) throw new Error(`${source}: ${stderr.toString()}`, { cause: error });
  console.log(`${relative(process.cwd(), join(root, output))}: ${statSync(join(root, output)).size} bytes`);
}

mkdirSync(join(root, 'dist'), { recursive: true });
for (const [name, source] of Object.entries(programs)) {
  const output = join(root, 'dist', `${name}.wasm`);
  const isFresh = existsSync(output) && statSync(output).mtimeMs > newestSource;
  if (!isFresh || process.argv.includes('--force')) await compile(name, source);
}
