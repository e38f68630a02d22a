import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'smol-toml';
import type { z } from 'zod';
import { decodeText, MitoError, systemError } from '@mitosis/domain';
import { configDir } from './folders.js';
import { originalNames, originalSettings } from './original-settings.js';

/** File descriptor of the standard input. */
const STDIN = 0;

type Env = Readonly<Record<string, string | undefined>>;
type Values = Readonly<Record<string, unknown>>;

export interface SettingsSource {
  readonly env: Env;
  readonly cwd: string;
  /** `--config`; it has to exist. Without it `./config.toml` is read when there is one that only we can change. */
  readonly configFile?: string | undefined;
  /** From the command line; undefined ones do not count. */
  readonly flags: Values;
  /** Tells the person what was ignored, and where secrets go. */
  readonly note?: ((text: string) => void) | undefined;
}

/** The files that are read, later ones win. */
export function configFiles({ env, cwd, configFile }: Pick<SettingsSource, 'env' | 'cwd' | 'configFile'>): string[] {
  const own = path.join(configDir(env), 'config.toml');
  return [own, configFile ? path.resolve(cwd, configFile) : path.join(cwd, 'config.toml')];
}

/** A file that others could have put or changed here. Files of root are the administrator's. */
function strangersOf(file: string): string | undefined {
  const { uid, gid, mode } = statSync(file);
  const [own, ownGroup] = [process.getuid?.(), process.getgid?.()];
  if (own === undefined) return undefined;
  if (uid !== own && uid !== 0) return `it belongs to another user (id ${uid})`;
  if ((mode & 0o002) !== 0) return 'everybody may write to it';
  // The group that many systems give each user holds nobody else.
  const isPrivateGroup = gid === own || gid === 0 || (gid === ownGroup && ownGroup === own);
  return (mode & 0o020) !== 0 && !isPrivateGroup ? `the group ${gid} may write to it` : undefined;
}

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

function readSection(file: string, section: string): Values | undefined {
  try {
    return (parse(decodeText(readFileSync(file)))[section] ?? {}) as Values;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined;
    // A system error names the file; what is wrong inside of it does not.
    const ofSystem = cause instanceof MitoError ? undefined : systemError(cause);
    throw new MitoError('invalid', 'invalid_config', ofSystem?.message ?? `${file}: ${textOf(cause)}`, { cause });
  }
}

/** Values of one source, and how it is called. */
interface Layer {
  readonly from: string;
  readonly values: Values;
}

/** `--config`, or `./config.toml` when it is ours: a folder of somebody else says nothing about where we connect to. */
function localLayer(section: string, source: SettingsSource, file: string): Layer {
  const values = readSection(file, section);
  if (source.configFile !== undefined) {
    if (values) return { from: file, values };
    throw new MitoError('invalid', 'config_not_found', `the configuration file ${file} does not exist`);
  }
  if (!values) return { from: file, values: {} };
  const strangers = strangersOf(file);
  if (strangers === undefined) return { from: file, values };
  source.note?.(`mito: ${file} is ignored: ${strangers}. If you trust it, name it with --config ${file}`);
  return { from: file, values: {} };
}

/** All sources, later ones win. */
function layersOf(section: string, schema: z.ZodObject, source: SettingsSource): Layer[] {
  const [own = '', local = ''] = configFiles(source);
  const layers = [
    { from: own, values: readSection(own, section) ?? {} },
    localLayer(section, source, local),
    { from: 'the environment', values: fromEnv(section, schema, source.env) },
    { from: 'the command line', values: source.flags },
  ];
  return layers.map((layer) => ({
    from: layer.from,
    values: underOwnNames(schema, withoutOriginals(section, schema, layer)),
  }));
}

/** The values without what only the original Mitosis knows; throws where that would be misread. */
function withoutOriginals(section: string, schema: z.ZodObject, { from, values }: Layer): Values {
  const known = originalSettings(section, values).filter(({ name }) => !(name in schema.shape));
  const nameOf = (name: string): string => (from === 'the environment' ? variableOf(name) : `[${section}] ${name}`);
  const refused = known.find(({ objection }) => objection !== undefined);
  if (refused) {
    const message = `${nameOf(refused.name)} of ${from}: a setting of the original Mitosis: ${refused.objection}`;
    throw new MitoError('invalid', 'invalid_config', message, { details: { field: refused.name } });
  }
  const names = new Set(known.map(({ name }) => name));
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.has(name)));
}

/** Says which settings of the original Mitosis have no effect here, and why. */
function noteOriginals(section: string, source: SettingsSource): void {
  if (!source.note) return;
  const [own = '', local = ''] = configFiles(source);
  const files = [
    { from: own, values: readSection(own, section) ?? {} },
    localLayer(section, { ...source, note: undefined }, local),
  ];
  const variables = originalNames(section).map((name) => [name, source.env[variableOf(name)]]);
  for (const { from, values } of [
    ...files,
    { from: 'the environment', values: Object.fromEntries(variables) as Values },
  ])
    for (const { name, note } of originalSettings(section, values))
      if (note !== undefined) source.note(`mito: ${name} of ${from} has no effect: ${note}`);
}

/** The settings that something other than the defaults says, and where the value that counts is from. */
export function givenSettings(section: string, schema: z.ZodObject, source: SettingsSource): Map<string, string> {
  const given = layersOf(section, schema, source).flatMap(({ from, values }) =>
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, from] as const])),
  );
  return new Map(given);
}

/** What is a secret, or leads to one. */
const CREDENTIALS = ['token', 'password', 'password_file', 'enroll'];

/** Says to which host a secret of ours goes when a file that lies in this folder has chosen it. */
function noteHost(section: string, schema: z.ZodObject, source: SettingsSource): void {
  const { note, configFile } = source;
  if (!note || configFile !== undefined) return;
  const given = givenSettings(section, schema, { ...source, note: undefined });
  const [, local = ''] = configFiles(source);
  if (given.get('coordinator_addr') !== local) return;
  const secret = CREDENTIALS.find((name) => given.has(name) && given.get(name) !== local);
  if (secret === undefined) return;
  const address = readSection(local, section)?.coordinator_addr;
  note(`mito: ${secret} (of ${given.get(secret)}) goes to ${String(address)}, the coordinator_addr of ${local}`);
}

/** Other names of settings: `.meta({ alias })` on a field of the schema. */
function aliasesOf(schema: z.ZodObject): Map<string, string> {
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>);
  return new Map(
    fields.flatMap(([name, field]) =>
      typeof field.meta()?.alias === 'string' ? [[field.meta()?.alias as string, name] as const] : [],
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
function fromEnv(section: string, schema: z.ZodObject, env: Env): Values {
  const names = [...Object.keys(schema.shape), ...aliasesOf(schema).keys(), ...originalNames(section)];
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
    return decodeText(readFileSync(file === '-' ? STDIN : file)).trimEnd();
  } catch (cause) {
    const reason = systemError(cause)?.message ?? textOf(cause);
    throw new MitoError('invalid', 'invalid_config', `${variable}: ${reason}`, { cause, details: { field: variable } });
  }
}

/** Layers a later source over an earlier one; values that are undefined do not count. */
function layer(...sources: Values[]): Values {
  const defined = sources.map((values) => Object.entries(values).filter(([, value]) => value !== undefined));
  return Object.fromEntries(defined.flat());
}

/** Everything that is wrong with the settings of one process, each naming its field; none when all is well. */
export function checkSettings(section: string, schema: z.ZodObject, source: SettingsSource): MitoError[] {
  try {
    const result = schema.safeParse(layer(...layersOf(section, schema, source).map(({ values }) => values)));
    return result.success ? [] : result.error.issues.map((issue) => problemOf(section, issue, source));
  } catch (error) {
    if (error instanceof MitoError) return [error];
    throw error;
  }
}

/** Options whose names are not those of the settings that they set. */
const OPTIONS: Readonly<Record<string, string>> = {
  coordinator_addr: '--coordinator',
  db_url: '--db',
  redis_url: '--redis',
  s3_bucket: '--artifacts-bucket',
};

/** The error names what the person wrote: the option, the variable, or the setting of the file. */
function problemOf(section: string, issue: z.core.$ZodIssue, { flags, env }: SettingsSource): MitoError {
  const field = issue.path.join('.') || (issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : '');
  const message = issue.code === 'unrecognized_keys' ? 'there is no such setting' : issue.message;
  const name = String(issue.path[0] ?? '');
  if (flags[name] !== undefined) {
    const option = OPTIONS[name] ?? `--${name.replaceAll('_', '-')}`;
    return new MitoError('invalid', 'invalid_config', `${option}: ${message}`, { details: { field: option } });
  }
  const variable = env[variableOf(name)] === undefined ? '' : ` (${variableOf(name)})`;
  return new MitoError('invalid', 'invalid_config', `[${section}] ${field}${variable}: ${message}`, {
    details: { field },
  });
}

/**
 * The settings of one process, layered as: defaults of `schema`, `[section]` of
 * `$CONFIG_DIR/mitosis/config.toml`, of `--config` or `./config.toml` (when it is ours), environment
 * `MITO_<FIELD>` or `MITO_<FIELD>_FILE`, command line. Throws `invalid_config` naming the first wrong field.
 */
export function loadSettings<T extends z.ZodObject>(section: string, schema: T, source: SettingsSource): z.output<T> {
  const result = schema.safeParse(layer(...layersOf(section, schema, source).map(({ values }) => values)));
  const [issue] = result.error?.issues ?? [];
  if (issue) throw problemOf(section, issue, source);
  noteHost(section, schema, source);
  noteOriginals(section, source);
  return result.data as z.output<T>;
}
