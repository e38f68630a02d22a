const MODULES_MAX = 64;
const PROGRAM_BYTES_MAX = 128 * 1024 * 1024;

interface Entry {
  readonly module: WebAssembly.Module;
  readonly sizeBytes: number;
}

/** Compiled programs, the least recently used of which make room: a warm run compiles nothing. */
export class ModuleCache {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  get(key: string): WebAssembly.Module | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.module;
  }

  add(key: string, module: WebAssembly.Module, sizeBytes: number): void {
    this.#entries.set(key, { module, sizeBytes });
    this.#bytes += sizeBytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= MODULES_MAX && this.#bytes <= PROGRAM_BYTES_MAX) return;
      if (oldest === key) return;
      this.#entries.delete(oldest);
      this.#bytes -= entry.sizeBytes;
    }
  }
}
