import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Log } from '@mitosis/domain';

/** For this lib's own tests; @mitosis/testing stands above it and cannot be used here. */
interface Scope {
  teardown(undo: () => void | Promise<void>): void;
}

/** A fresh folder that every user may enter, removed when the test ends. */
export async function openFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'mito-embedded-'));
  await chmod(folder, 0o755);
  scope.teardown(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Waits up to 15 s for `condition`; an error says `message`. */
export async function until(condition: () => boolean | Promise<boolean>, message: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out: ${message}`);
    await delay(10);
  }
}

/** True while a process with this id exists (a zombie does not count). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * A Node process that runs `script` (an ES module that may import from `./` of this lib), killed when the test ends.
 */
export function runScript(scope: Scope, script: string, options: { detached?: boolean } = {}): ScriptRun {
  const base = fileURLToPath(new URL('.', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '-e', script.replaceAll("from './", `from '${base}`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  scope.teardown(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { child, lines };
}

export interface ScriptRun {
  readonly child: ChildProcess;
  /** What it printed so far. */
  readonly lines: readonly string[];
}

const ignore = (): void => undefined;

/** A log that says nothing. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
