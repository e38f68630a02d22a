import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scope } from '@mitosis/testing';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/**
 * The built command: the bundle, as users run it, which starts with less than half the work; the compiled modules
 * while they are newer than the bundle. MITO_TEST_MAIN names another one, such as that of an installed package.
 */
export const MAIN = process.env.MITO_TEST_MAIN ?? currentMain(ROOT);

function currentMain(root: string): string {
  const changedAt = (file: string): number => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const bundledAt = changedAt('dist/mito/files.json');
  const builds = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}/dist/.tsbuildinfo`),
  );
  // What only tests load is not in the bundle.
  const isCurrent = builds.every((file) => /^(apps\/e2e|libs\/testing)\//.test(file) || changedAt(file) < bundledAt);
  return path.join(root, isCurrent ? 'dist/mito/lib/mito.js' : 'apps/mito/dist/main.js');
}

/** What a finished `mito` has said. */
export interface MitoResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `mito`, as a person would start it in a pipe. */
export class MitoProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<MitoResult>;

  /** `via` is put before the command, to run it somewhere else. */
  constructor(argv: readonly string[], env: Readonly<Record<string, string>>, via: readonly string[] = []) {
    const [program = '', ...args] = [...via, process.execPath, '--', MAIN, ...argv];
    const basics = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
    this.child = spawn(program, args, { env: { ...basics, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(this.child, 'close').then(() => ({
      code: this.child.exitCode,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The first line of stdout. Throws with what it said on stderr when it ends before. */
  async firstLine(): Promise<string> {
    while (!this.stdout.includes('\n')) {
      const more = once(this.child.stdout as NodeJS.ReadableStream, 'data');
      const isOver = await Promise.race([more.then(() => false), this.ended.then(() => true)]);
      if (isOver && !this.stdout.includes('\n'))
        throw new Error(`mito ended with ${this.child.exitCode}: ${this.stderr}`);
    }
    return this.stdout.slice(0, this.stdout.indexOf('\n'));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<MitoResult> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }
}

/** Starts `mito` and ends it with the scope. */
export function startMito(scope: Scope, argv: readonly string[], env: Readonly<Record<string, string>>): MitoProcess {
  const mito = new MitoProcess(argv, env);
  scope.teardown(async () => void (await mito.stop()));
  return mito;
}
