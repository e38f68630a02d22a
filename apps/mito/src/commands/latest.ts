import type { MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';

/** `@` is the newest, `@~2` the third newest. */
const LATEST = /^@(?:~(\d{1,3}))?$/;

interface Page {
  readonly creator: string;
  readonly limit: number;
}

const uuids = (items: readonly { readonly uuid: string }[]): string[] => items.map(({ uuid }) => uuid);

/** What `@` counts below each part of the command, the newest first. */
const LISTS: Readonly<Record<string, (api: MitosisClient, page: Page) => Promise<string[]>>> = {
  tasks: async (api, page) => uuids((await api.queryTasks(page)).tasks),
  jobs: async (api, page) => uuids((await api.jobs.query(page)).jobs),
  workloads: async (api, page) => uuids((await api.workloads.query(page)).workloads),
};

const listOf = (path: string): string | undefined => Object.keys(LISTS).find((name) => path.split(' ').includes(name));

/** The fields of a command that hold UUIDs, and what of; undefined: what the path of the command names. */
const FIELDS: readonly (readonly [field: string, list: string | undefined])[] = [
  ['uuid', undefined],
  ['uuids', undefined],
  ['after', 'tasks'],
  ['afterAnyEnd', 'tasks'],
  ['afterFailed', 'tasks'],
  ['afterJob', 'jobs'],
  ['job', 'jobs'],
  ['task', 'tasks'],
  ['upstream', 'tasks'],
  ['first', 'tasks'],
  ['second', 'tasks'],
];

/** True when this stands for something that the caller submitted, instead of a UUID. */
export function isLatest(text: string, path: string): boolean {
  return LATEST.test(text) && listOf(path) !== undefined;
}

/**
 * Replaces `@` and `@~N` in the fields of a command by UUIDs: of the caller's newest task, job or workload, or the
 * one N before it. `path` of the command says which of the three. Sends nothing where neither was typed. Throws
 * `MitoError` (invalid) when the caller has not submitted that many.
 */
export async function resolveLatest(command: object, path: string, api: MitosisClient): Promise<void> {
  const fields = command as Record<string, unknown>;
  let creator: string | undefined;
  for (const [field, named] of FIELDS) {
    const typed = fields[field];
    const list = named ?? listOf(path);
    const find = list === undefined ? undefined : LISTS[list];
    if (find === undefined) continue;
    const resolve = async (text: string): Promise<string> => {
      const [isFound, back = '0'] = LATEST.exec(text.trim()) ?? [];
      if (isFound === undefined) return text;
      creator ??= (await api.identity()).username;
      const uuid = (await find(api, { creator, limit: Number(back) + 1 }))[Number(back)];
      if (uuid !== undefined) return uuid;
      throw invalidField(field, `"${text}": you have not submitted that many ${list ?? ''}`);
    };
    const resolveList = async (text: string): Promise<string> =>
      (await Promise.all(text.split(',').map(resolve))).join(',');
    if (typeof typed === 'string') fields[field] = await resolveList(typed);
    else if (Array.isArray(typed)) fields[field] = await Promise.all((typed as string[]).map(resolveList));
  }
}
