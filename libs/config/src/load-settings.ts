import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'smol-toml';
import type { z } from 'zod';
import { MitoError } from '@mitosis/domain';
import { configDir } from './folders.js';

/** File descriptor of the standard input. */
const STDIN = 0;

type Env = Readonly<Record<string, string | undefined>>;
type Values = Readonly<Record<string, unknown>>;

export interface SettingsSource {
  readonly env: Env;
  readonly cwd: string;
  /** `--config`; it has to exist. Without it `./config.toml` is read when there is one. */
  readonly configFile?: string | undefined;
  /** From the command line; undefined ones do not count. */
  readonly flags: Values;
}

/** The files that are read, later ones win. */
export function configFiles({ env, cwd, configFile }: Omit<SettingsSource, 'flags'>): string[] {
  const own = path.join(configDir(env), 'config.toml');
  return [own, configFile ? path.resolve(cwd, configFile) : path.join(cwd, 'config.toml')];
}

function readSection(file: string, section: string, isRequired: boolean): Values {
  if (!existsSync(file)) {
    if (!isRequired) return {};
    throw new MitoError('invalid', 'config_not_found', `the configuration file ${file} does not exist`);
  }
  try {
    return (parse(readFileSync(file, 'utf8'))[section] ?? {}) as Values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MitoError('invalid', 'invalid_config', `${file}: ${reason}`, { cause });
  }
}

/** Other names of settings: `.meta({ alias })` on a field of the schema. */
function aliasesOf(schema: z.ZodObject): Map<string, string> {
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>);
  return new Map(
    fields.flatMap(([name, field]) =>
      typeof field.meta()?.alias === 'string' ? [[field.meta()?.alias as string, name]] : [],
    ),
  );
}

/** The values of one source under the names of the schema. */
function underOwnNames(schema: z.ZodObject, values: Values): Values {
  const own: Record<string, unknown> = { ...values };
  for (const [alias, name] of aliasesOf(schema)) {
    if (own[alias] !== undefined && own[name] !== undefined) {
      throw new MitoError('invalid', 'invalid_config', `${alias}: is another name of ${name}, which is set, too`, {
        details: { field: alias },
      });
    }
    own[name] ??= own[alias];
    delete own[alias];
  }
  return own;
}

const variableOf = (name: string): string => `MITO_${name.toUpperCase()}`;

/** The variables of `env` that say settings of `schema`, for a child process that is to have the same. */
export function settingsIn(schema: z.ZodObject, env: Env): Record<string, string> {
  const names = [...Object.keys(schema.shape), ...aliasesOf(schema).keys()].map(variableOf);
  const variables = [...names, ...names.map((name) => `${name}_FILE`), 'MITO_CONFIG_DIR', 'XDG_CONFIG_HOME'];
  return Object.fromEntries(variables.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/**
 * `MITO_<FIELD>`, or the content of the file that `MITO_<FIELD>_FILE` names: so secrets are in no environment.
 * `-` is the standard input: what opened it may have been allowed to read more than we are.
 */
function fromEnv(schema: z.ZodObject, env: Env): Values {
  const names = [...Object.keys(schema.shape), ...aliasesOf(schema).keys()];
  return Object.fromEntries(
    names.map((name) => {
      const variable = variableOf(name);
      const file = `${name}_file` in schema.shape ? undefined : env[`${variable}_FILE`];
      return [name, env[variable] ?? (file && readSecret(file, `${variable}_FILE`))];
    }),
  );
}

function readSecret(file: string, variable: string): string {
  try {
    return readFileSync(file === '-' ? STDIN : file, 'utf8').trimEnd();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MitoError('invalid', 'invalid_config', `${variable}: ${reason}`, { cause, details: { field: variable } });
  }
}

/** Layers a later source over an earlier one; values that are undefined do not count. */
function layer(...sources: Values[]): Values {
  const defined = sources.map((values) => Object.entries(values).filter(([, value]) => value !== undefined));
  return Object.fromEntries(defined.flat());
}

/**
 * The settings of one process, layered as: defaults of `schema`, `[section]` of
 * `$CONFIG_DIR/mitosis/config.toml`, of `--config` or `./config.toml`, environment
 * `MITO_<FIELD>` or `MITO_<FIELD>_FILE`, command line. Throws `invalid_config` naming the field.
 */
export function loadSettings<T extends z.ZodObject>(section: string, schema: T, source: SettingsSource): z.output<T> {
  const files = configFiles(source).map((file, index) =>
    readSection(file, section, index === 1 && source.configFile !== undefined),
  );
  const result = schema.safeParse(
    layer(...[...files, fromEnv(schema, source.env), source.flags].map((values) => underOwnNames(schema, values))),
  );
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : '');
  throw new MitoError('invalid', 'invalid_config', `[${section}] ${field}: ${issue?.message ?? 'is not valid'}`, {
    details: { field },
  });
}
