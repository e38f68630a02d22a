import {
  formatBytes,
  invalidField,
  parseBytes,
  parseDuration,
  parseNeeds,
  parseNoticeEvents,
  parsePointInTime,
  parseRequeueOn,
  parseWarning,
  readEnvSetup,
  watchedState,
  type TypedNeed,
} from '@mitosis/domain';
import { parseEnv, parseEnvLines, parseResource } from '@mitosis/experiment';
import type { NotifyInput, SubmitTaskInput, TerminalSize } from '@mitosis/protocol';
import { splitList, UUID } from './option-values.js';

/** The options of a submission, as they were typed. */
export interface TaskOptions {
  readonly argv: readonly string[];
  readonly shell?: string | undefined;
  readonly group?: string | undefined;
  readonly name?: string | undefined;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly cwd?: string | undefined;
  readonly stdin?: string | undefined;
  readonly timeout?: string | undefined;
  readonly terminalSize?: TerminalSize | undefined;
  readonly logLimit?: string | undefined;
  readonly priority: string;
  readonly retries?: string | undefined;
  readonly retryDelay?: string | undefined;
  readonly retryExitCodes: readonly string[];
  readonly warnBefore?: string | undefined;
  readonly requeueOn: readonly string[];
  readonly requeueMax?: string | undefined;
  readonly checkpointEvery?: string | undefined;
  readonly fromCheckpoint?: string | undefined;
  readonly limitKeys: readonly string[];
  readonly needs: readonly TypedNeed[];
  readonly refuseImpossible?: boolean | undefined;
  readonly resources: readonly string[];
  readonly terminal: boolean;
  readonly startAt?: string | undefined;
  readonly startIn?: string | undefined;
  readonly after: readonly string[];
  readonly afterAnyEnd: readonly string[];
  readonly afterFailed: readonly string[];
  readonly afterJob: readonly string[];
  readonly watch: readonly string[];
  readonly secrets: readonly string[];
  readonly envSetup?: string | undefined;
  readonly notify: readonly string[];
  readonly on: readonly string[];
}

/** `gpu-license=2`. */
function parseLimitKeys(pairs: readonly string[]): Record<string, number> {
  const entries = Object.entries(parseEnv(pairs, '--limit-key'));
  return Object.fromEntries(entries.map(([key, limit]) => [key, parseInteger(limit, '--limit-key')]));
}

export function parseInteger(text: string, field: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text)) throw invalidField(field, `"${text}" is not a whole number`);
  return Number(text);
}

/** Ranges of options, as the coordinator has them; `LIMITS` of the protocol is loaded too late for `--help`. */
export const RETRIES = [0, 100] as const;
export const REQUEUES = [1, 10_000] as const;
export const PRIORITY = [-1000, 1000] as const;
export const PAGE = [1, 1000] as const;

/** A whole number of a range, both ends included. */
export function parseWithin(text: string, field: string, [min, max]: readonly [min: number, max: number]): number {
  const value = parseInteger(text, field);
  if (value < min || value > max) throw invalidField(field, `"${text}" is out of range; use ${min} to ${max}`);
  return value;
}

/** A whole number that is not negative. */
export function parseCount(text: string, field: string): number {
  const count = parseInteger(text, field);
  if (count < 0) throw invalidField(field, 'use 0 or more');
  return count;
}

/** Lines of `NAME=VALUE`; empty ones and those that begin with `#` are skipped, quotes around a value go. */
async function readEnvFiles(files: readonly string[]): Promise<Record<string, string>> {
  const { readText } = await import('../files/read-input.js');
  const texts: string[] = [];
  for (const file of files) texts.push(await readText(file, '--env-file'));
  return Object.assign({}, ...texts.map((text) => parseEnvLines(text, '--env-file'))) as Record<string, string>;
}

function argsOf({ argv, shell }: TaskOptions): string[] {
  if (shell !== undefined && argv.length > 0)
    throw invalidField('--shell', 'use either --shell or a command after "--"');
  if (shell !== undefined) return ['/bin/sh', '-c', shell];
  if (argv.length === 0) throw invalidField('command', 'write it after "--", for example: -- echo hello');
  return [...argv];
}

/** `A=1,B=2` is two variables when each part is one, as in the original; otherwise the comma belongs to the value. */
export function splitPairs(text: string): string[] {
  const parts = text.split(',');
  return parts.every((part) => /^[A-Za-z_]\w*=/.test(part)) ? parts : [text];
}

/** Several inputs with commas between them; a comma in a key stays. */
function splitResources(text: string): string[] {
  return text.split(/,(?=(?:unpack:)?(?:attachment|artifact)=)/);
}

const WATCHED = {
  started: 'started',
  running: 'started',
  completed: 'completed',
  failed: 'failed',
  ended: 'ended',
  finished: 'ended',
} as const;

type AfterInput = NonNullable<SubmitTaskInput['after']>[number];

function parseWatch(text: string): AfterInput {
  const [task = '', state = ''] = text.split(',');
  const own = Object.hasOwn(WATCHED, state) ? WATCHED[state as keyof typeof WATCHED] : undefined;
  const when = own ?? watchedState(state);
  if (typeof when === 'object') throw invalidField('--watch', when.objection);
  if (task === '' || when === undefined)
    throw invalidField(
      '--watch',
      `"${text}" is not of the form UUID,STATE; the states are ${Object.keys(WATCHED).join(', ')}`,
    );
  return { task, when };
}

/** The options that say what a task waits for. */
export type AfterOptions = Pick<TaskOptions, 'after' | 'afterAnyEnd' | 'afterFailed' | 'afterJob' | 'watch'>;

function uuidsOf(values: readonly string[], field: string): string[] {
  const uuids = splitList(values, field);
  const wrong = uuids.find((uuid) => !UUID.test(uuid));
  if (wrong !== undefined) throw invalidField(field, `"${wrong}" is not a UUID`);
  return uuids;
}

export function parseAfter(options: AfterOptions): AfterInput[] {
  return [
    ...uuidsOf(options.after, '--after').map((task) => ({ task, when: 'completed' as const })),
    ...uuidsOf(options.afterAnyEnd, '--after-any-end').map((task) => ({ task, when: 'ended' as const })),
    ...uuidsOf(options.afterFailed, '--after-failed').map((task) => ({ task, when: 'failed' as const })),
    ...uuidsOf(options.afterJob, '--after-job').map((job) => ({ job, when: 'completed' as const })),
    ...options.watch.map(parseWatch),
  ];
}

/** `2h`, or `none`. */
export function parseTimeout(text: string): number | null {
  return text === 'none' ? null : parseDuration(text, '--timeout');
}

/** A time that comes: of a time of day the next one. */
function comingTime(text: string, now: Date): Date {
  const time = parsePointInTime(text, '--start-at', now);
  if (time > now) return time;
  if (/^\d{1,2}:\d{2}(?::\d{2})?$/.test(text.trim()))
    return parsePointInTime(`tomorrow ${text.trim()}`, '--start-at', now);
  throw invalidField('--start-at', `"${text}" has passed; for a time from now use --start-in`);
}

/** When a task may start: a time of the clock here, or so long from now on the clock of the database. */
function parseStart({ startAt, startIn }: Pick<TaskOptions, 'startAt' | 'startIn'>): Partial<SubmitTaskInput> {
  if (startAt !== undefined && startIn !== undefined)
    throw invalidField('--start-in', 'use either --start-at or --start-in');
  if (startIn !== undefined) return { start_in_ms: parseDuration(startIn, '--start-in', { isZeroAllowed: true }) };
  if (startAt === undefined) return {};
  return { start_at: comingTime(startAt, new Date()).toISOString() };
}

const LOG_LIMIT = [1024, 100 * 2 ** 30] as const;

function parseLogLimit(text: string): number {
  const bytes = parseBytes(text, '--log-limit');
  const [min, max] = LOG_LIMIT;
  if (bytes >= min && bytes <= max) return bytes;
  throw invalidField('--log-limit', `"${text}" is out of range; use ${formatBytes(min)} to ${formatBytes(max)}`);
}

/** As it is typed, once it is known to be right. */
export function parseEnvSetup(text: string): string {
  const found = readEnvSetup(text);
  if ('objection' in found) throw invalidField('--env-setup', found.objection);
  return text;
}

/** Whom to tell of what; undefined when nobody was named. */
function parseNotify({ notify, on }: Pick<TaskOptions, 'notify' | 'on'>): NotifyInput | undefined {
  if (notify.length === 0 && on.length === 0) return undefined;
  const to = notify.length === 0 ? ['me'] : splitList(notify, '--notify');
  return { to, ...(on.length === 0 ? { on: ['ended'] } : parseNoticeEvents(on, '--on')) };
}

/** The body of the submission that the options describe. */
export async function toSubmission(options: TaskOptions): Promise<SubmitTaskInput> {
  const { group, name, cwd, retries, retryDelay, terminalSize, logLimit } = options;
  const notify = parseNotify(options);
  const { readInput } = await import('../files/read-input.js');
  return {
    args: argsOf(options),
    env: { ...(await readEnvFiles(options.envFile)), ...parseEnv(options.env.flatMap(splitPairs)) },
    tags: splitList(options.tags, '--tags'),
    labels: splitList(options.labels, '--labels'),
    priority: parseWithin(options.priority, '--priority', PRIORITY),
    terminal: options.terminal,
    resources: options.resources.flatMap(splitResources).map((text) => parseResource(text, '--resource')),
    ...parseStart(options),
    after: parseAfter(options),
    retry_exit_codes: splitList(options.retryExitCodes, '--retry-exit-codes').map((code) =>
      parseInteger(code, '--retry-exit-codes'),
    ),
    needs: parseNeeds(options.needs),
    ...(options.refuseImpossible === true && { refuse_impossible: true }),
    limits: parseLimitKeys(splitList(options.limitKeys, '--limit-key')),
    ...(options.stdin !== undefined && {
      stdin_base64: (await readInput(options.stdin, '--stdin')).toString('base64'),
    }),
    ...(notify && { notify }),
    ...(options.secrets.length > 0 && { secrets: splitList(options.secrets, '--secret') }),
    ...(options.envSetup !== undefined && { env_setup: parseEnvSetup(options.envSetup) }),
    ...(options.timeout !== undefined && { timeout_ms: parseTimeout(options.timeout) }),
    ...(options.warnBefore !== undefined && parseWarning(options.warnBefore, '--warn-before')),
    ...(options.checkpointEvery !== undefined && {
      checkpoint_every_ms: parseDuration(options.checkpointEvery, '--checkpoint-every'),
    }),
    ...(options.fromCheckpoint !== undefined && {
      from_checkpoint: uuidsOf([options.fromCheckpoint], '--from-checkpoint')[0],
    }),
    ...(options.requeueOn.length > 0 && {
      requeue_on: splitList(options.requeueOn, '--requeue-on').map((cause) => parseRequeueOn(cause, '--requeue-on')),
    }),
    ...(options.requeueMax !== undefined && {
      requeues_max: parseWithin(options.requeueMax, '--requeue-max', REQUEUES),
    }),
    ...(terminalSize && { pty: terminalSize }),
    ...(logLimit !== undefined && { log_limit_bytes: parseLogLimit(logLimit) }),
    ...(cwd !== undefined && { cwd }),
    ...(group !== undefined && { group }),
    ...(name !== undefined && { name }),
    ...(retries !== undefined && { retries: parseWithin(retries, '--retries', RETRIES) }),
    ...(retryDelay !== undefined && {
      retry_delay_ms: parseDuration(retryDelay, '--retry-delay', { isZeroAllowed: true }),
    }),
  };
}
