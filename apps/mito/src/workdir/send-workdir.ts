import path from 'node:path';
import type { MitosisClient } from '@mitosis/client';
import {
  counted,
  cutText,
  envFilesOf,
  formatBytes,
  invalidField,
  MitoError,
  oneLine,
  readEnvSetup,
} from '@mitosis/domain';
import { packCode, type PackedCode } from '@mitosis/executor';
import { CODE_LIMITS, type TaskCode } from '@mitosis/protocol';
import { describeWorkdir, largestFiles } from './describe-workdir.js';
import { listWorkdir, type ListedWorkdir } from './list-workdir.js';

export interface SendWorkdirOptions {
  readonly dir: string;
  /** Whose tasks start in it; the caller's own when undefined. */
  readonly group: string | undefined;
  /** Environments that its tasks ask for: their files have to be in the folder. */
  readonly envSetups?: readonly string[];
  note(text: string): void;
  /** Whether a folder of more than 100 MiB is meant; gets what it is, and its largest files. */
  confirm(what: string, largest: readonly string[]): Promise<boolean>;
}

/** More than this is asked about: it is often a mistake. */
const ASKED_BYTES = 100 * 2 ** 20;
/** A folder that is written to is listed and read again so often. */
const TRIES = 3;

async function packed(first: ListedWorkdir): Promise<{ readonly listed: ListedWorkdir; readonly code: PackedCode }> {
  let listed = first;
  for (let tries = 1; ; tries += 1) {
    assertSendable(listed);
    try {
      return { listed, code: await packCode(listed.files, listed.links) };
    } catch (error) {
      const isChanged = error instanceof MitoError && error.code === 'workdir_changed';
      if (!isChanged || tries === TRIES) throw error;
      listed = await listWorkdir(first.dir);
    }
  }
}

function assertSendable({ files, links, dir }: ListedWorkdir): void {
  const total = files.length + links.length;
  if (total === 0) throw invalidField('--workdir', `there is nothing in ${dir} that could be sent`);
  if (total <= CODE_LIMITS.files) return;
  const most = CODE_LIMITS.files.toLocaleString('en-US');
  const message =
    `has ${counted(total, 'file')}, and may have ${most}; ` +
    'name folders of data in .mitoignore, and share them as attachments';
  throw invalidField('--workdir', message);
}

/** Throws when the files of an environment are not among those that are sent. */
function assertEnvironment({ files, links }: ListedWorkdir, text: string): void {
  const setup = readEnvSetup(text);
  if ('objection' in setup) throw invalidField('--env-setup', setup.objection);
  const paths = new Set([...files, ...links].map(({ path: name }) => name));
  const found = envFilesOf(setup, (file) => paths.has(file));
  if ('missing' in found) throw invalidField('--env-setup', found.missing);
}

const sizeOf = ({ files }: ListedWorkdir): number => files.reduce((sum, { size }) => sum + size, 0);

function codeOf(listed: ListedWorkdir, code: PackedCode): TaskCode {
  return {
    sha256: code.sha256,
    files: code.files,
    bytes: code.bytes,
    folder: cutText(oneLine(path.basename(listed.dir)), 255),
    commit: null,
    branch: null,
    is_dirty: null,
    ...listed.git,
  };
}

/** What a task says of a folder, without storing it. */
export async function packWorkdir(dir: string, envSetups: readonly string[]): Promise<TaskCode> {
  const first = await listWorkdir(dir);
  for (const setup of envSetups) assertEnvironment(first, setup);
  const { listed, code } = await packed(first);
  return codeOf(listed, code);
}

/**
 * Stores a folder for the tasks of a group, as far as the group does not have it, and returns what a task says of it.
 */
export async function sendWorkdir(api: MitosisClient, options: SendWorkdirOptions): Promise<TaskCode> {
  const { dir, group, envSetups = [], note, confirm } = options;
  const first = await listWorkdir(dir);
  assertSendable(first);
  for (const setup of envSetups) assertEnvironment(first, setup);
  note(`${dir}: ${describeWorkdir(first)}`);
  const bytes = sizeOf(first);
  if (bytes > ASKED_BYTES && !(await confirm(`${formatBytes(bytes)} of ${dir}`, largestFiles(first.files))))
    throw new MitoError('invalid', 'cancelled', 'nothing was sent');
  const { listed, code } = await packed(first);
  const sent = await api.code.store(code, { group });
  if (sent > 0) note(`sent ${formatBytes(sent)}`);
  return codeOf(listed, code);
}
