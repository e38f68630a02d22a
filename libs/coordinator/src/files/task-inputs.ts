import type { DataSource } from 'typeorm';
import { isAllowed, MitoError, type Role } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { AttemptLease, TaskInput, TaskResource } from '@mitosis/protocol';
import { toWire, urlSeconds } from './to-wire.js';

interface Attempt {
  readonly resources: readonly TaskResource[];
  readonly group_id: string;
  readonly creator_id: string;
  readonly is_admin: boolean;
}

interface File {
  readonly object_key: string;
  readonly size_bytes: string;
  readonly sha256: string;
}

/**
 * Where the inputs of an attempt are to be fetched: attachments of the task's own group, and artifacts
 * that whoever submitted the task may still read. Asked for at the start, and again when a request
 * has expired or a file was replaced meanwhile.
 */
export class TaskInputs {
  constructor(
    private readonly deps: {
      readonly dataSource: DataSource;
      readonly store: ObjectStore;
      readonly urlLifetimeMs: number;
    },
  ) {}

  /** @throws `stale_attempt`, and `resource_not_found` that names the input. */
  async list({ task, attempt, lease }: AttemptLease): Promise<TaskInput[]> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT coalesce(t.spec -> 'resources', '[]') AS resources, t.group_id, t.creator_id, u.is_admin
       FROM attempts a JOIN tasks t ON t.id = a.task_id JOIN users u ON u.id = t.creator_id
       WHERE a.task_id = $1 AND a.number = $2 AND a.lease = $3 AND a.ended_at IS NULL`,
      [task, attempt, lease],
    )) as Attempt[];
    if (!row) throw new MitoError('conflict', 'stale_attempt', 'the attempt is not the current one any more');
    return Promise.all(row.resources.map((resource) => this.sign(row, resource)));
  }

  private async sign(attempt: Attempt, resource: TaskResource): Promise<TaskInput> {
    const { store, urlLifetimeMs } = this.deps;
    const file =
      resource.from === 'attachment'
        ? await this.attachment(attempt, resource.key)
        : await this.artifact(attempt, resource.task, resource.kind);
    if (!file) throw resourceNotFound(resource);
    const expiresInS = urlSeconds(urlLifetimeMs);
    const download = toWire(
      await store.signGet(file.object_key, { expiresInS, downloadName: resource.path.split('/').at(-1) ?? 'input' }),
    );
    return {
      path: resource.path,
      unpack: resource.unpack,
      size_bytes: Number(file.size_bytes),
      sha256: file.sha256,
      download,
    };
  }

  private async attachment({ group_id: groupId }: Attempt, key: string): Promise<File | undefined> {
    const rows = (await this.deps.dataSource.query(
      'SELECT object_key, size_bytes, sha256 FROM attachments WHERE group_id = $1 AND key = $2',
      [groupId, key],
    )) as File[];
    return rows[0];
  }

  private async artifact(attempt: Attempt, task: string, kind: string): Promise<File | undefined> {
    const [file] = (await this.deps.dataSource.query(
      `SELECT f.object_key, f.size_bytes, f.sha256, t.group_id FROM artifacts f JOIN tasks t ON t.id = f.task_id
       WHERE f.task_id = $1 AND f.kind = $2`,
      [task, kind],
    )) as (File & { group_id: string })[];
    if (!file) return undefined;
    return file.group_id === attempt.group_id || (await this.mayRead(attempt, file.group_id)) ? file : undefined;
  }

  private async mayRead({ creator_id: userId, is_admin: isAdmin }: Attempt, groupId: string): Promise<boolean> {
    const rows = (await this.deps.dataSource.query('SELECT group_id, role FROM memberships WHERE user_id = $1', [
      userId,
    ])) as { group_id: string; role: Role }[];
    const roles = new Map(rows.map(({ group_id, role }) => [group_id, role]));
    return isAllowed({ kind: 'user', userId, isAdmin, roles }, { action: 'task.read', groupId });
  }
}

function resourceNotFound(resource: TaskResource): MitoError {
  const name =
    resource.from === 'attachment'
      ? `the attachment "${resource.key}"`
      : `the artifact ${resource.kind} of the task ${resource.task}`;
  return new MitoError('not-found', 'resource_not_found', `${name} does not exist`, {
    details: { path: resource.path },
  });
}
