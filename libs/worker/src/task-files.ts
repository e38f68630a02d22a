import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cutText, MitoError, parseExactJson, storableJson, storableSentence } from '@mitosis/domain';
import { readTaskFile, type Scratch } from '@mitosis/executor';
import { LIMITS, MESSAGE_MAX, type ClaimedTask } from '@mitosis/protocol';

/** Files by which a task and its worker talk to each other; all lie beside its folders. */
export interface TaskFiles {
  /** `$MITO_NEW_TASK`: what the task submits. */
  readonly newTasks: string;
  /** `$MITO_PROGRESS`: what it says of itself. */
  readonly progress: string;
  /** `$MITO_STOP`: appears when it will be ended soon. */
  readonly stop: string;
  /** Undefined for a program, which gets its bytes without a file. */
  readonly stdin: string | undefined;
}

export function taskFilesOf({ dir }: Scratch, { spec }: ClaimedTask): TaskFiles {
  const stdin = spec.stdin_base64 === undefined || spec.wasm ? undefined : path.join(dir, 'stdin');
  return {
    newTasks: path.join(dir, 'new-tasks'),
    progress: path.join(dir, 'progress'),
    stop: path.join(dir, 'stop'),
    stdin,
  };
}

/**
 * Writes the input and makes the working folder; the other files appear when the task writes them.
 * Throws `bad_cwd` for a folder that can't be made.
 */
export async function prepareTaskFiles(files: TaskFiles, scratch: Scratch, { spec }: ClaimedTask): Promise<void> {
  if (files.stdin !== undefined)
    await writeFile(files.stdin, Buffer.from(spec.stdin_base64 ?? '', 'base64'), { mode: 0o600 });
  if (spec.cwd === undefined || spec.wasm) return;
  await mkdir(path.join(scratch.execDir, spec.cwd), { recursive: true, mode: 0o700 }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENAMETOOLONG') throw cause;
      throw new MitoError('invalid', 'bad_cwd', `No working folder "${cutText(spec.cwd ?? '', 100)}": ${cause.code}`, {
        cause,
      });
    },
  );
}

/** Variables of the platform for this task, besides its folders. */
export function taskVariables(
  files: TaskFiles,
  claim: ClaimedTask,
  { checkpointDir }: Scratch,
  coordinatorUrl: string,
): Record<`MITO_${string}`, string> {
  const { job, upstream, spec } = claim;
  const params = Object.entries(spec.params ?? {}).map(([name, value]) => [
    `MITO_PARAM_${name.toUpperCase()}`,
    String(value),
  ]);
  return {
    ...Object.fromEntries(params),
    MITO_NEW_TASK: files.newTasks,
    MITO_PROGRESS: files.progress,
    MITO_STOP: files.stop,
    MITO_CHECKPOINT_DIR: checkpointDir,
    MITO_COORDINATOR_ADDR: coordinatorUrl,
    MITO_TOKEN: claim.token,
    MITO_GROUP: claim.group,
    ...(job !== null && { MITO_JOB_UUID: job }),
    ...(upstream !== null && { MITO_UPSTREAM_TASK_UUID: upstream }),
    ...(spec.code?.commit && { MITO_CODE_COMMIT: spec.code.commit }),
    ...(spec.code?.branch && { MITO_CODE_BRANCH: spec.code.branch }),
    ...(spec.code && { MITO_CODE_DIRTY: spec.code.is_dirty ? '1' : '0' }),
    ...(spec.array_index !== undefined && { MITO_ARRAY_INDEX: String(spec.array_index) }),
  };
}

/** Text of a task: UTF-8, with or without a byte order mark. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MitoError('invalid', 'not_utf8', 'it is not UTF-8 text', { cause });
  }
}

function parseLine(line: string, index: number): unknown {
  try {
    return parseExactJson(line);
  } catch (error) {
    throw new Error(`line ${index + 1}: ${(error as Error).message}`, { cause: error });
  }
}

function parseSpecs(text: string): unknown[] {
  if (text.trim() === '') return [];
  try {
    const whole = parseExactJson(text);
    return Array.isArray(whole) ? whole : [whole];
  } catch {
    // Not one JSON value: a value on each line.
    return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, index)]));
  }
}

/** A command whose text was changed is another command: it is refused, not mended. */
function assertStorable(specs: readonly unknown[]): void {
  const [first] = storableJson(specs).changes;
  if (!first) return;
  const [index = '', ...field] = first.place.split('.');
  throw new Error(`task ${Number(index) + 1}: ${field.join('.') || 'it'}: has ${first.problem}`);
}

/**
 * The specs that a task has written: a JSON array, one object, or one on each line. Throws a sentence for its owner.
 */
export async function readNewTasks(file: string): Promise<unknown[]> {
  try {
    const bytes = await readTaskFile(file, LIMITS.newTaskBytes);
    const specs = bytes ? parseSpecs(textOf(bytes)) : [];
    if (specs.length > LIMITS.newTasks) throw new Error(`there are more than ${LIMITS.newTasks} tasks`);
    assertStorable(specs);
    return specs;
  } catch (error) {
    const message = `$MITO_NEW_TASK can't be read: ${(error as Error).message}`;
    throw new MitoError('invalid', 'invalid_new_task', storableSentence(message, MESSAGE_MAX), { cause: error });
  }
}
