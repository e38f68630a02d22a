import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { environmentFailed } from './environment-failed.js';

const run = promisify(execFile);
const ASK_MS = 60_000;
/** So long a tool is taken to be the one that it was: a task asks nothing when others have just asked. */
const REMEMBER_MS = 30_000;
/** Where people install such programs for themselves. */
const OF_HOME = ['.local/bin', '.cargo/bin', 'miniforge3/bin', 'miniconda3/bin', 'mambaforge/bin'];

export interface ToolsOptions {
  /** The environment that programs are asked in: that of a build. */
  readonly env: Readonly<Record<string, string>>;
  /** The PATH and the HOME of the worker itself. */
  readonly own: Readonly<Record<string, string | undefined>>;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The programs of this worker that build environments. */
export class Tools {
  private readonly said = new Map<string, { readonly at: number; readonly text: Promise<string> }>();

  constructor(private readonly options: ToolsOptions) {}

  /** In the order in which they are looked through. */
  get folders(): string[] {
    const { env, own } = this.options;
    const ofHome = own.HOME === undefined ? [] : OF_HOME.map((name) => path.join(own.HOME ?? '', name));
    const folders = [...(env.PATH ?? '').split(':'), ...(own.PATH ?? '').split(':'), ...ofHome];
    return [...new Set(folders.filter((folder) => folder.startsWith('/')))];
  }

  /** The first of these programs. Throws `environment_failed` that says where it was looked for. */
  find(kind: string, ...names: readonly string[]): string {
    const places = names.flatMap((name) => this.folders.map((folder) => path.join(folder, name)));
    const found = places.find(isProgram);
    if (found !== undefined) return found;
    const looked = this.folders.join(', ');
    throw environmentFailed(
      `The worker has no ${names.join(' or ')}, which "${kind}" needs. It was looked for in ${looked}. Install ` +
        'it there, name its folder in the setting "path" of the worker, or choose a worker that has it with -t TAG',
    );
  }

  /** What a program says when it is called with `args`, in one line; throws with the end of what it printed. */
  async ask(program: string, args: readonly string[], cwd = '/'): Promise<string> {
    const key = JSON.stringify([realpathSync(program), args, cwd]);
    const known = this.said.get(key);
    if (known !== undefined && performance.now() - known.at < REMEMBER_MS) return known.text;
    const text = this.call(program, args, cwd);
    this.said.set(key, { at: performance.now(), text });
    text.catch(() => this.said.delete(key));
    return text;
  }

  private async call(program: string, args: readonly string[], cwd: string): Promise<string> {
    const { env } = this.options;
    try {
      const PATH = `${env.PATH ?? ''}:${path.dirname(program)}`;
      const { stdout } = await run(program, [...args], { cwd, timeout: ASK_MS, env: { ...env, PATH } });
      return stdout.trim();
    } catch (cause) {
      const { stderr = '', message } = cause as Error & { stderr?: string };
      const why = stderr.trim() === '' ? message : stderr.trim();
      throw environmentFailed(`${[program, ...args].join(' ')} failed: ${why}`, cause);
    }
  }
}
