import { Artifact } from '@mitosis/database';
import { MitoError, objectKey } from '@mitosis/domain';
import type { ObjectStore, SignedRequest as StoreRequest } from '@mitosis/object-store';
import { ArtifactDownload, type ArtifactKind, type SignedRequest, type UploadRequest } from '@mitosis/protocol';
import type { DataSource } from 'typeorm';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskReader } from './read-tasks.js';

/** Long enough to begin a download, short enough to be of no use to anyone who finds it later. */
const URL_LIFETIME_S = 900;

function toWire({ method, url, headers, expiresAt }: StoreRequest): SignedRequest {
  return { method, url, headers: { ...headers }, expires_at: expiresAt.toISOString() };
}

/** Signed requests for what tasks have produced. */
export class ArtifactReader {
  constructor(
    private readonly deps: { readonly dataSource: DataSource; readonly reader: TaskReader; readonly store: ObjectStore },
  ) {}

  /** Throws `task_not_found`, `artifact_not_found`. */
  async download(actor: UserActor, task: string, kind: ArtifactKind): Promise<ArtifactDownload> {
    await this.deps.reader.summaries(actor, [task]);
    const row = await this.deps.dataSource.getRepository(Artifact).findOneBy({ taskId: task, kind });
    if (!row) throw new MitoError('not-found', 'artifact_not_found', `the task ${task} has no artifact "${kind}"`);
    const download = await this.deps.store.signGet(row.objectKey, {
      expiresInS: URL_LIFETIME_S,
      downloadName: `${task}-${kind}.${kind === 'std-log' ? 'log' : 'tar.gz'}`,
    });
    return ArtifactDownload.parse({
      kind,
      size_bytes: Number(row.sizeBytes),
      sha256: row.sha256,
      created_at: row.createdAt.toISOString(),
      skipped: row.skipped,
      download: toWire(download),
    });
  }

  /** A write-once request for the worker that runs the attempt; throws `stale_attempt` (409) for any other. */
  async signUpload({ task, attempt, lease, kind, size_bytes: sizeBytes }: UploadRequest): Promise<SignedRequest> {
    const open = (await this.deps.dataSource.query(
      'SELECT 1 FROM attempts WHERE task_id = $1 AND number = $2 AND lease = $3 AND ended_at IS NULL',
      [task, attempt, lease],
    )) as unknown[];
    if (open.length === 0) throw new MitoError('conflict', 'stale_attempt', 'the attempt is not the current one any more');
    return toWire(await this.deps.store.signPut(objectKey(task, attempt, kind), { expiresInS: URL_LIFETIME_S, sizeBytes }));
  }
}
