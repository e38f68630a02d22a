import type { EnvSetup } from '@mitosis/domain';
import type { Scratch } from '@mitosis/executor';
import type { Tools } from './tools.js';

/** Where an environment is built, which is where it stays: programs in it name its path. */
export interface EnvPlace {
  /** What tasks see, read-only. */
  readonly envDir: string;
  /** Copies of the files that count; the steps start here. */
  readonly sourceDir: string;
  /** What package managers keep for the next build of the group. */
  readonly downloadsDir: string;
}

export type TaskFolders = Pick<Scratch, 'execDir' | 'homeDir'>;

/** How one environment is built and used. */
export interface Recipe {
  /** Tools, interpreters and their versions: with others it is another environment. */
  readonly identity: readonly string[];
  /** Files that count, relative to the folder of code; all of them when null. */
  readonly counted: readonly string[] | null;
  /** Folders of the programs that it needs, for the PATH of the build and of the task. */
  readonly toolDirs: readonly string[];
  steps(place: EnvPlace): readonly (readonly string[])[];
  /** Variables of the build. */
  buildEnv(place: EnvPlace): Readonly<Record<string, string>>;
  /** Variables of a task with these folders. */
  taskEnv(place: EnvPlace, folders: TaskFolders): Readonly<Record<string, string>>;
  /** Folders of its programs. */
  binDirs(place: EnvPlace): readonly string[];
  /** Links in the folder of code, by name. */
  links(place: EnvPlace): Readonly<Record<string, string>>;
}

export interface RecipeRequest {
  readonly setup: EnvSetup;
  /** The files that it names or implies. */
  readonly files: readonly string[];
  readonly codeDir: string;
  readonly tools: Tools;
}

/** Throws `environment_failed` for a tool that is missing and for files that can't be used. */
export type MakeRecipe = (request: RecipeRequest) => Promise<Recipe>;
