import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PlacedFiles, Scratch } from '@mitosis/executor';
import type { ClaimedTask } from '@mitosis/protocol';
import { BuildFailure, environmentFailed } from './environment-failed.js';
import { planEnvironment } from './environment-plan.js';
import { withFolders, type Environments } from './environments.js';
import type { Recipe } from './recipe.js';
import type { Tools } from './tools.js';

export interface AttemptEnvironmentDeps {
  readonly environments: Environments;
  readonly tools: Tools;
  /** Variables of each build. */
  readonly buildEnv: Readonly<Record<string, string>>;
  /** Given to every task besides its own environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
}

export interface EnterRequest {
  readonly claim: ClaimedTask;
  readonly scratch: Scratch;
  /** The files of the code. */
  readonly placed: PlacedFiles | undefined;
  readonly signal: AbortSignal;
  /** What is done before the program starts; null when that is over. */
  onPhase(phase: string | null): void;
}

/** The environment of one attempt, in use until it is left. */
export interface AttemptEnvironment {
  /** Instead of those that every task gets. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** With the links that belong to the environment. */
  readonly placed: PlacedFiles | undefined;
  /** A folder with the log of the build, when it was built for this task. */
  readonly logDir: string | undefined;
  leave(): Promise<void>;
}

/** How often a phase says how long it lasts. */
const SAY_EVERY_MS = 5_000;

/** Says a phase at once and as long as it lasts; the answered functions begin another one, and end them. */
function phases(onPhase: (phase: string | null) => void) {
  let timer: NodeJS.Timeout | undefined;
  const begin = (phase: string): void => {
    clearInterval(timer);
    const from = performance.now();
    onPhase(phase);
    const say = (): void => onPhase(`${phase}, ${Math.round((performance.now() - from) / 1000)} s`);
    timer = setInterval(say, SAY_EVERY_MS).unref();
  };
  const end = (): void => {
    if (timer === undefined) return;
    clearInterval(timer);
    onPhase(null);
  };
  return { begin, end };
}

/**
 * The environment that a task asks for, built when it is not there; undefined when it asks for none. Throws
 * `environment_failed`, and the reason of `signal`.
 */
export async function enterEnvironment(
  { environments, tools, buildEnv, baseEnv }: AttemptEnvironmentDeps,
  { claim, scratch, placed, signal, onPhase }: EnterRequest,
): Promise<AttemptEnvironment | undefined> {
  const codeDir = scratch.execDir;
  const plan = await planEnvironment(claim, { codeDir, placed: placed ?? new Map(), tools, buildEnv });
  if (!plan) return undefined;
  const { begin, end } = phases(onPhase);
  try {
    const { place, log, leave } = await environments.enter(plan, { signal, onPhase: begin });
    try {
      const { recipe } = plan;
      const links = recipe.links(place);
      for (const [name, target] of Object.entries(links)) await symlink(target, path.join(codeDir, name));
      const asLinks = Object.keys(links).map((name) => [name, { size: -1, mtimeMs: 0 }] as const);
      return {
        baseEnv: { ...baseEnv, ...recipe.taskEnv(place, scratch), PATH: pathOf(baseEnv.PATH, recipe, place) },
        placed: placed && new Map([...placed, ...asLinks]),
        logDir: log === undefined ? undefined : await keptLog(scratch, log),
        leave,
      };
    } catch (error) {
      await leave();
      throw error;
    }
  } finally {
    end();
  }
}

function pathOf(found: string | undefined, recipe: Recipe, place: Parameters<Recipe['binDirs']>[0]): string {
  return [...recipe.binDirs(place), withFolders(found, recipe.toolDirs)].join(':');
}

/** A folder with the log of a build that failed, for the one task that keeps it. */
export async function failedLog(scratch: Scratch, error: unknown): Promise<string | undefined> {
  const log = error instanceof BuildFailure ? error.takeLog() : undefined;
  return log === undefined || log === '' ? undefined : keptLog(scratch, log);
}

async function keptLog({ dir }: Scratch, log: string): Promise<string> {
  const folder = path.join(dir, 'env-log');
  try {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(path.join(folder, 'environment.log'), log, { mode: 0o600 });
    return folder;
  } catch (cause) {
    throw environmentFailed(`the log of the environment was not kept: ${(cause as Error).message}`, cause);
  }
}
