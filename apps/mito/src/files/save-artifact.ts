import type { MitosisClient } from '@mitosis/client';
import { invalidField, meantArtifactKind } from '@mitosis/domain';
import { ARTIFACT_KINDS, ArtifactKind } from '@mitosis/protocol';
import type { Done } from './run-batch.js';
import { absoluteUrl } from './save-attachment.js';
import { savePath } from './save-path.js';

export function parseKind(text: string): ArtifactKind {
  const kind = ArtifactKind.safeParse(meantArtifactKind(text));
  if (!kind.success) throw invalidField('kind', `"${text}" is none of ${ARTIFACT_KINDS.join(', ')}`);
  return kind.data;
}

export async function deleteArtifact(api: MitosisClient, task: string, kind: ArtifactKind): Promise<Done> {
  await api.files.deleteArtifact(task, kind);
  return { name: task, kind, deleted: true };
}

export interface SaveArtifactOptions {
  readonly output: string | undefined;
  readonly isUrlOnly: boolean;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Fetches an artifact into its place, or only says where it can be fetched. */
export async function saveArtifact(
  api: MitosisClient,
  task: string,
  kind: ArtifactKind,
  options: SaveArtifactOptions,
): Promise<Done> {
  const artifact = await api.artifact(task, kind);
  const { download, ...facts } = artifact;
  const url = absoluteUrl(api.url, download.url);
  if (options.isUrlOnly) return { name: task, file: url, url, ...facts };
  const file = await savePath(`${task}-${kind}.tar.gz`, options.output);
  await api.downloadArtifact(artifact, file, options);
  return { name: task, file, ...facts };
}
