import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

const out = join(import.meta.dirname, '..', '..', 'libs', 'coordinator', 'web');

/** The coordinator compresses nothing while it runs: what it serves is compressed here. */
const compressed = {
  name: 'compressed',
  async closeBundle() {
    const assets = join(out, 'assets');
    for (const name of await readdir(assets))
      if (/\.(js|css|svg)$/.test(name)) {
        const bytes = await readFile(join(assets, name));
        if (bytes.length > 1024) await writeFile(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  // Relative: there may be a path prefix.
  base: './',
  logLevel: 'error',
  clearScreen: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2022',
    // A small picture stays a file: fonts and scripts as data: are not in our policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    // Our libraries do nothing when they are imported: what a page does not use of them is left out.
    rolldownOptions: { treeshake: { moduleSideEffects: (id) => !/\/libs\/(domain|protocol|experiment)\//.test(id) } },
  },
  plugins: [compressed],
});
