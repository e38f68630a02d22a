import type { DataSource } from 'typeorm';
import { Artifact } from '@mitosis/database';
import { MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import { ArtifactDownload, type ArtifactKind } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { toWire, urlSeconds } from '../files/to-wire.js';
import type { TaskReader } from './read-tasks.js';

/** Signed requests for what tasks have produced. */
export class ArtifactReader {
  constructor(
    private readonly deps: {
      readonly dataSource: DataSource;
      readonly reader: TaskReader;
      readonly store: ObjectStore;
      readonly urlLifetimeMs: number;
    },
  ) {}

  /** Throws `task_not_found`, `artifact_not_found`. */
  async download(actor: UserActor, task: string, kind: ArtifactKind): Promise<ArtifactDownload> {
    await this.deps.reader.summaries(actor, [task]);
    const row = await this.deps.dataSource.getRepository(Artifact).findOneBy({ taskId: task, kind });
    if (!row) throw new MitoError('not-found', 'artifact_not_found', `the task ${task} has no artifact "${kind}"`);
    const download = await this.deps.store.signGet(row.objectKey, {
      expiresInS: urlSeconds(this.deps.urlLifetimeMs),
      downloadName: `${task}-${kind}.tar.gz`,
    });
    return ArtifactDownload.parse({
      task,
      kind,
      size_bytes: Number(row.sizeBytes),
      sha256: row.sha256,
      created_at: row.createdAt.toISOString(),
      skipped: row.skipped,
      download: toWire(download),
    });
  }
}
