import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from './scope.js';

/** A fresh folder (mode 0700, without symlinks in its path), removed with all it holds when `scope` ends. */
export async function tempDir(scope: Scope): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'mito-test-'));
  scope.teardown(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
