import path from 'node:path';
import type { MitosisClient, TransferOptions } from '@mitosis/client';
import { addressUrl } from '@mitosis/domain';
import type { AttachmentDownload } from '@mitosis/protocol';
import type { Done } from './run-batch.js';
import { savePath } from './save-path.js';

export interface SaveChoices {
  /** Saved under the last name of its key only. */
  readonly isSmart: boolean;
  readonly output: string | undefined;
  readonly isUrlOnly: boolean;
}

/** A signed request as a URL that works from anywhere. */
export function absoluteUrl(coordinator: string, url: string): string {
  return addressUrl(coordinator, url).href;
}

/** Fetches an attachment into its place, or only says where it can be fetched. */
export async function saveAttachment(
  api: MitosisClient,
  attachment: AttachmentDownload,
  choices: SaveChoices,
  options: TransferOptions = {},
): Promise<Done> {
  const { download, ...facts } = attachment;
  if (choices.isUrlOnly)
    return {
      name: facts.key,
      file: absoluteUrl(api.url, download.url),
      url: absoluteUrl(api.url, download.url),
      ...facts,
    };
  const file = await savePath(choices.isSmart ? path.posix.basename(facts.key) : facts.key, choices.output);
  const requests = [download];
  const sign = async () => requests.pop() ?? (await api.files.attachment(facts.group, facts.key, options)).download;
  await api.files.download({ sizeBytes: facts.size_bytes, sha256: facts.sha256, sign }, file, options);
  return { name: facts.key, file, ...facts };
}
