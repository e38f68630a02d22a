/** What became of a setting of the original Mitosis that there is not here. */
type Fate =
  /** Nothing depends on it now: it is noted, and has no effect. */
  | { readonly gone: string }
  /** Its meaning can't be kept: it is refused, unless it says what is the case here anyway. */
  | { readonly refused: string; readonly unless?: boolean };

const LOG_FILE = { refused: 'where logs go is said on the command line: use --log-file FILE, or --log-path FOLDER' };
const FILE_LOG = { refused: 'where logs go is said on the command line: use --file-log', unless: false };
const KEYS = { refused: 'the keys are made in the folder "keys" of state_dir; remove this setting' };
const RETAIN = { gone: 'other logins of the user always stay valid' };
const LOG_LEVEL = { refused: 'there is one level for all places: use log_level' };

/**
 * Settings of the original Mitosis by section, without those that are the same here and those that are another name of
 * a setting (`.meta({ alias })` on a field of the schema).
 */
const ORIGINAL: Readonly<Record<string, Readonly<Record<string, Fate>>>> = {
  coordinator: {
    attachments_bucket: { refused: 'everything is in one bucket: use s3_bucket' },
    redis_worker_password: { gone: 'every worker gets a password of its own' },
    redis_client_password: { gone: 'clients do not need Redis' },
    redis_skip_acl_rules: { gone: 'workers are always limited to the keys of their groups' },
    access_token_private_path: KEYS,
    access_token_public_path: KEYS,
    log_path: LOG_FILE,
    file_log: FILE_LOG,
    file_log_level: LOG_LEVEL,
  },
  worker: {
    polling_interval: { gone: 'workers are told of tasks at once' },
    heartbeat_interval: { gone: 'the coordinator says how often it wants to hear of a worker' },
    retain: RETAIN,
    skip_redis: { gone: 'the coordinator says how the queues are reached' },
    log_path: LOG_FILE,
    file_log: FILE_LOG,
    file_log_level: LOG_LEVEL,
    shared_log: { refused: 'where logs go is said on the command line: use --shared-log', unless: false },
  },
  client: { retain: RETAIN },
};

export interface OriginalSetting {
  readonly name: string;
  /** What a person has to change; undefined when there is nothing to do. */
  readonly objection?: string;
  /** Why it has no effect. */
  readonly note?: string;
}

/** The names of the original's settings of a section that have a meaning of their own there. */
export const originalNames = (section: string): string[] => Object.keys(ORIGINAL[section] ?? {});

/** What is to be said of the settings of the original among these values. */
export function originalSettings(section: string, values: Readonly<Record<string, unknown>>): OriginalSetting[] {
  return Object.entries(ORIGINAL[section] ?? {}).flatMap(([name, fate]): OriginalSetting[] => {
    const value = values[name];
    if (value === undefined) return [];
    if ('gone' in fate) return [{ name, note: fate.gone }];
    const isSame = fate.unless !== undefined && String(value) === String(fate.unless);
    return [isSame ? { name } : { name, objection: fate.refused }];
  });
}
