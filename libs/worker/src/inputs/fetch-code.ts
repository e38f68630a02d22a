import { readFile } from 'node:fs/promises';
import { placeCode, readManifest, type PlacedFiles } from '@mitosis/executor';
import type { ClaimedCode, CodeFile } from '@mitosis/protocol';

/** Fetches a pack, or takes it from the cache, and returns its bytes. */
export type FetchPack = (file: CodeFile) => Promise<Uint8Array>;

const FETCHERS = 6;

/** Lays the code of a task into its working folder, from packs that are fetched side by side. */
export async function fetchCode(
  { manifest, packs }: ClaimedCode,
  execDir: string,
  fetch: (file: CodeFile, use: (path: string) => Promise<void>) => Promise<void>,
): Promise<PlacedFiles> {
  const read: FetchPack = async (file) => {
    let bytes: Uint8Array = Buffer.alloc(0);
    await fetch(file, async (path) => void (bytes = await readFile(path)));
    return bytes;
  };
  const list = await readManifest(await read(manifest), manifest.sha256);
  const left = [...packs];
  const fetchAll = async (): Promise<void> => {
    for (let file = left.pop(); file !== undefined; file = left.pop()) await fetch(file, async () => undefined);
  };
  await Promise.all(Array.from({ length: FETCHERS }, fetchAll));
  const files = new Map(packs.map((file) => [file.sha256, file]));
  return placeCode(list, execDir, async (sha256) => {
    const file = files.get(sha256);
    if (!file) throw new Error(`the coordinator did not say where the pack ${sha256} is`);
    return read(file);
  });
}
