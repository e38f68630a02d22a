#!/usr/bin/env -S node --
/**
 * The file that is started of the bundled command. It loads nothing but the chunks that the typed command needs,
 * from their compiled form where an earlier command has left one.
 */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ChunkLoader } from './chunk-loader.js';
import { openCodeCache } from './code-cache.js';

/** The chunk with `start.ts`; its name says which build this is. Put in by tools/bundle.mjs. */
declare const START_CHUNK: string;
/** The path of this file, as CommonJS says it. */
declare const __filename: string;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  // raw: ours, and nothing is loaded yet
  console.error(`mito: Node.js ${process.version} is too old; version 20.19 or later is needed`);
  process.exit(1);
}

// Processes that we start again run this file, whatever the link that was typed leads to by then.
process.argv[1] = __filename;

const cache = openCodeCache(cacheRoot(), START_CHUNK);
const loader = new ChunkLoader(dirname(__filename), cache);
process.once('exit', () => loader.keepCompiled());
const { start } = loader.load(START_CHUNK) as { readonly start: () => Promise<void> };
void start();

function cacheRoot(): string | undefined {
  const { XDG_CACHE_HOME } = process.env;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'mitosis');
  try {
    return join(homedir(), '.cache', 'mitosis');
  } catch {
    // No home: this user has no entry in the list of users.
    return undefined;
  }
}
