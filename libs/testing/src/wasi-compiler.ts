import { access } from 'node:fs/promises';
import { firstExecutable, installed } from './installed.js';

const PLACES = ['/usr/bin/clang', '/usr/local/bin/clang'] as const;
/** What clang needs besides itself: the linker and the C library of WASI. */
const PARTS = ['/usr/bin/wasm-ld', '/usr/lib/wasm32-wasi/libc.a'] as const;

async function find(): Promise<string | undefined> {
  const parts = await Promise.allSettled(PARTS.map((part) => access(part)));
  return parts.every(({ status }) => status === 'fulfilled') ? firstExecutable(PLACES) : undefined;
}

/** Path of a clang that compiles C to WASI with the C library below `/usr`, see {@link installed}. */
export async function wasiCompiler(): Promise<string> {
  const packages = ['clang', 'lld', 'wasi-libc', 'libclang-rt-dev-wasm32'];
  return installed({ what: 'clang with the C library of WASI', packages, find });
}
