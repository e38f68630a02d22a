import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';
import type { CodeCache } from './code-cache.js';

type Chunk = (
  exports: object,
  require: (name: string) => unknown,
  module: { exports: object },
  filename: string,
  folder: string,
) => void;

/**
 * Loads the CommonJS chunks of a bundle: as `require` does, without a search for each file, and from the code
 * that an earlier process has compiled.
 */
export class ChunkLoader {
  private readonly modules = new Map<string, { exports: object }>();
  private readonly uncached = new Map<string, Script>();
  private readonly requireOther: NodeJS.Require;

  constructor(
    private readonly folder: string,
    private readonly cache: CodeCache | undefined,
  ) {
    this.requireOther = createRequire(join(folder, 'mito.js'));
  }

  /** What the chunk with this file name exports. */
  load(name: string): object {
    const known = this.modules.get(name);
    if (known) return known.exports;
    const module = { exports: {} };
    this.modules.set(name, module);
    const file = join(this.folder, name);
    const require = Object.assign((wanted: string) => this.require(wanted), { resolve: this.requireOther.resolve });
    this.compile(name, file)(module.exports, require, module, file, dirname(file));
    return module.exports;
  }

  /** Leaves what was compiled in this process for the next one. */
  keepCompiled(): void {
    this.cache?.write([...this.uncached].map(([name, script]) => [name, script.createCachedData()]));
  }

  private require(wanted: string): unknown {
    return wanted.startsWith('./') ? this.load(wanted.slice(2)) : this.requireOther(wanted);
  }

  private compile(name: string, file: string): Chunk {
    // lossy: the build writes UTF-8
    const source = readFileSync(file, 'utf8');
    const cachedData = this.cache?.read(name);
    const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
      filename: file,
      ...(cachedData && { cachedData }),
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    // V8 refuses what another version, other flags or another processor has compiled.
    if (!cachedData || script.cachedDataRejected) this.uncached.set(name, script);
    return script.runInThisContext() as Chunk;
  }
}
