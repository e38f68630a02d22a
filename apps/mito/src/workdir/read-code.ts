import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import { placeCode, readManifest } from '@mitosis/executor';
import type { CodeDownload, CodeManifest } from '@mitosis/protocol';

/** A file of a folder of code, or a link with its target instead of the SHA-256. */
export interface CodeItem {
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly is_executable: boolean;
}

export interface ReadCode extends CodeDownload {
  readonly content: CodeManifest;
  readonly list: readonly CodeItem[];
}

/** What a task started with, without the contents. Throws `code_not_found`. */
export async function readCode(api: MitosisClient, uuid: string): Promise<ReadCode> {
  const download = await api.code.ofTask(uuid);
  const content = await readManifest(await api.code.fetch(download.manifest), download.manifest.sha256);
  const files = content.packs
    .flatMap(({ pieces }) => pieces)
    .filter(({ offset }) => offset === 0)
    .map(({ path: place, size, sha256, is_executable }) => ({ path: place, size_bytes: size, sha256, is_executable }));
  const links = content.links.map(({ path: place, target }) => {
    return { path: place, size_bytes: 0, sha256: `link to ${target}`, is_executable: false };
  });
  const list = [...files, ...links].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { ...download, content, list };
}

/** Writes the files into a folder that is missing or empty. Throws `invalid_request` otherwise. */
export async function saveCode(api: MitosisClient, code: ReadCode, given: string): Promise<void> {
  const dir = path.resolve(given);
  await mkdir(dir, { recursive: true });
  if ((await readdir(dir)).length > 0) throw invalidField('--output', `${given} is not empty; name another folder`);
  const packs = new Map(code.packs.map((pack) => [pack.sha256, pack]));
  await placeCode(code.content, dir, async (sha256) => {
    const pack = packs.get(sha256);
    if (!pack) throw new Error(`the coordinator did not say where the pack ${sha256} is`);
    return api.code.fetch(pack);
  });
}
