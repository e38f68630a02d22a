import { access } from 'node:fs/promises';
import { aptCommand, aptInstall, firstExecutable } from './apt-install.js';

const PLACES = ['/usr/bin/clang', '/usr/local/bin/clang'] as const;
/** One file of each package that clang needs besides itself. */
const PARTS = ['/usr/bin/wasm-ld', '/usr/lib/wasm32-wasi/libc.a'] as const;
const PACKAGES = ['clang', 'lld', 'wasi-libc', 'libclang-rt-dev-wasm32'] as const;

async function find(): Promise<string | undefined> {
  const parts = await Promise.allSettled(PARTS.map((part) => access(part)));
  return parts.every(({ status }) => status === 'fulfilled') ? firstExecutable(PLACES) : undefined;
}

/**
 * Path of a clang that compiles C to WASI with the C library below `/usr`. Where it is missing it is
 * installed, if this process is root on a Debian-like system; elsewhere the error says which command to run.
 */
export async function wasiCompiler(): Promise<string> {
  const found = await find();
  if (found !== undefined) return found;
  if (!(await aptInstall(PACKAGES))) {
    throw new Error(`these tests need clang with the C library of WASI, which is not installed; run: ${aptCommand(PACKAGES)}`);
  }
  const installed = await find();
  if (installed === undefined) throw new Error('apt-get installed clang, but not all of it is in the usual places');
  return installed;
}
