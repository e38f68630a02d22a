import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { envFilesOf, readEnvSetup } from '@mitosis/domain';
import type { ClaimedTask, TaskCode } from '@mitosis/protocol';
import { environmentFailed } from './environment-failed.js';
import type { EnvPlace, MakeRecipe, Recipe } from './recipe.js';
import { commandRecipe } from './recipes/command.js';
import { condaRecipe } from './recipes/conda.js';
import { npmRecipe } from './recipes/npm.js';
import { uvRecipe } from './recipes/uv.js';
import { venvRecipe } from './recipes/venv.js';
import type { Tools } from './tools.js';

/** Everything about one environment that does not depend on where it lies. */
export interface EnvironmentPlan {
  /** The same for two tasks only if they can use the same environment. */
  readonly key: string;
  /** Whose downloads it uses. */
  readonly group: string;
  /** As people call it: `uv`. */
  readonly title: string;
  readonly recipe: Recipe;
  readonly codeDir: string;
  /** Of the build. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

export interface PlanOptions {
  readonly codeDir: string;
  readonly placed: ReadonlyMap<string, unknown>;
  readonly tools: Tools;
  /** Variables of each build. */
  readonly buildEnv: Readonly<Record<string, string>>;
}

const RECIPES: Readonly<Record<'uv' | 'venv' | 'conda' | 'npm' | 'command', MakeRecipe>> = {
  uv: uvRecipe,
  venv: venvRecipe,
  conda: condaRecipe,
  npm: npmRecipe,
  command: commandRecipe,
};
/** Raised when environments that were built before are to be built again. */
const SCHEME = 1;
/** Variables of a task that are for its tools: they are part of the build, and of the key. */
const OF_TOOLS = /^(?:UV|PIP|NPM_CONFIG|npm_config|CONDA|MAMBA|SETUP)_/;

/** What the task asks for. Throws `environment_failed` for files or tools that are missing. */
export async function planEnvironment(
  { spec, group, secrets }: ClaimedTask,
  { codeDir, placed, tools, buildEnv }: PlanOptions,
): Promise<EnvironmentPlan | undefined> {
  const { env_setup: text, code } = spec;
  if (text === undefined || !code) return undefined;
  const setup = readEnvSetup(text);
  if ('objection' in setup) throw environmentFailed(`--env-setup: ${setup.objection}`);
  const files = envFilesOf(setup, (file) => placed.has(path.normalize(file)));
  if ('missing' in files) throw environmentFailed(`--env-setup ${text}: ${files.missing}`);
  const recipe = await RECIPES[setup.kind]({ setup, files, codeDir, tools });
  const given = Object.fromEntries(Object.entries(spec.env).filter(([name]) => OF_TOOLS.test(name)));
  const env = { ...buildEnv, ...given };
  const ofTools = Object.entries(env).filter(([name]) => OF_TOOLS.test(name));
  const facts = [
    ...[SCHEME, group, text, process.platform, process.arch, await systemName(), ofTools.sort()],
    ...[recipe.identity, await contentOf(recipe, code, codeDir)],
  ];
  return {
    key: digest(JSON.stringify(facts)).slice(0, 24), // parsing: hexadecimal digits
    group: digest(group).slice(0, 12), // parsing: hexadecimal digits
    title: text,
    recipe,
    codeDir,
    env: { ...env, ...secrets },
    secrets: Object.values(secrets),
  };
}

const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Containers with different systems may share the folder of environments. */
async function systemName(): Promise<string> {
  return readFile('/etc/os-release', 'utf8').catch(() => '');
}

async function contentOf({ counted }: Recipe, code: TaskCode, codeDir: string): Promise<unknown> {
  if (counted === null) return code.sha256;
  const names = [...new Set(counted.map((file) => path.normalize(file)))].sort();
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(codeDir, name);
      return [name, digest(await readFile(file)), (await stat(file)).mode & 0o100];
    }),
  );
}

/** Lays the files that count down at the place where the environment is built. */
export async function copyCounted({ recipe, codeDir }: EnvironmentPlan, { sourceDir }: EnvPlace): Promise<void> {
  if (recipe.counted === null) return cp(codeDir, sourceDir, { recursive: true, verbatimSymlinks: true });
  await mkdir(sourceDir, { recursive: true });
  for (const name of recipe.counted) {
    const target = path.join(sourceDir, name);
    await mkdir(path.dirname(target), { recursive: true });
    await cp(path.join(codeDir, name), target, { dereference: true });
  }
}
