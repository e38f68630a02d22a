import type { DataSource, EntityManager } from 'typeorm';
import { isAllowed, MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { AttemptLease, ClaimedCode, TaskInputs as Inputs, TaskInput, TaskResource } from '@mitosis/protocol';
import { confinedTo, findPerson, type UserActor } from '../auth/authenticator.js';
import { holdsLease, staleAttempt } from '../kernel/lease.js';
import type { Checkpoints } from './checkpoints.js';
import { toWire, urlSeconds } from './to-wire.js';

interface Attempt {
  readonly resources: readonly TaskResource[];
  readonly group_id: string;
  readonly creator_id: string;
  /** A task submitted it: it takes in files of its own group only. */
  readonly is_confined: boolean;
  /** Names the folder of code that it starts in. */
  readonly code: string | null;
}

interface File {
  readonly group_id: string;
  readonly object_key: string;
  readonly size_bytes: string;
  readonly sha256: string;
}

/**
 * Refuses tasks with an input that the caller may not read: a running task that submits others reads in its own
 * group only. Files that must exist when the task starts are checked then. @throws `resource_not_found`.
 */
export async function assertInputs(
  tx: EntityManager,
  actor: UserActor,
  tasks: readonly { readonly resources: readonly TaskResource[] }[],
): Promise<void> {
  const inputs = tasks.flatMap(({ resources }, place) =>
    resources.flatMap((resource, index) =>
      resource.from === 'artifact' ? [{ resource, field: `tasks.${place}.resources.${index}.task` }] : [],
    ),
  );
  if (inputs.length === 0) return;
  const rows = (await tx.query(
    `SELECT t.id, t.group_id FROM tasks t JOIN groups g ON g.id = t.group_id AND g.state <> 'deleted'
      WHERE t.id = ANY ($1)`,
    [[...new Set(inputs.map(({ resource }) => resource.task))]],
  )) as { id: string; group_id: string }[];
  const groups = new Map(rows.map(({ id, group_id }) => [id, group_id]));
  for (const { resource, field } of inputs) {
    const groupId = groups.get(resource.task);
    if (groupId === undefined || !isAllowed(actor, { action: 'task.read', groupId }))
      throw resourceNotFound(resource, field);
  }
}

/**
 * Where the inputs of an attempt are to be fetched: attachments of the task's own group, and artifacts,
 * as far as whoever submitted the task may read them now. Asked for at the start, and again when a request
 * has expired or a file was replaced meanwhile.
 */
export class TaskInputs {
  constructor(
    private readonly deps: {
      readonly dataSource: DataSource;
      readonly store: ObjectStore;
      readonly urlLifetimeMs: number;
      readonly code: { files(groupId: string, sha256: string): Promise<ClaimedCode> };
      readonly checkpoints: Pick<Checkpoints, 'list'>;
    },
  ) {}

  /** @throws `stale_attempt`, and `resource_not_found` that names the input. */
  async list({ task, attempt, lease }: AttemptLease): Promise<Inputs> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT coalesce(t.spec -> 'resources', '[]') AS resources, t.group_id, t.creator_id,
         t.spec -> 'code' ->> 'sha256' AS code, t.is_confined OR t.upstream_id IS NOT NULL AS is_confined
       FROM attempts a JOIN tasks t ON t.id = a.task_id
       WHERE ${holdsLease()}`,
      [task, attempt, lease],
    )) as Attempt[];
    if (!row) throw staleAttempt();
    const code = row.code === null ? null : await this.deps.code.files(row.group_id, row.code);
    const checkpoints = await this.deps.checkpoints.list(task);
    return { inputs: row.resources.length === 0 ? [] : await this.signAll(row), code, checkpoints };
  }

  private async signAll(row: Attempt): Promise<TaskInput[]> {
    const person = await findPerson(this.deps.dataSource, row.creator_id);
    const reader = person && (row.is_confined ? confinedTo(person, row.group_id) : person);
    return Promise.all(row.resources.map((resource) => this.sign(row, reader, resource)));
  }

  private async sign(attempt: Attempt, reader: UserActor | undefined, resource: TaskResource): Promise<TaskInput> {
    const { store, urlLifetimeMs } = this.deps;
    const file =
      resource.from === 'attachment'
        ? await this.attachment(attempt, resource.key)
        : await this.artifact(resource.task, resource.kind);
    const action = resource.from === 'attachment' ? 'attachment.read' : 'task.read';
    if (!file || !reader || !isAllowed(reader, { action, groupId: file.group_id })) throw resourceNotFound(resource);
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
      'SELECT group_id, object_key, size_bytes, sha256 FROM attachments WHERE group_id = $1 AND key = $2',
      [groupId, key],
    )) as File[];
    return rows[0];
  }

  /** Files of a deleted group are no longer inputs. */
  private async artifact(task: string, kind: string): Promise<File | undefined> {
    const rows = (await this.deps.dataSource.query(
      `SELECT t.group_id, f.object_key, f.size_bytes, f.sha256 FROM artifacts f JOIN tasks t ON t.id = f.task_id
       JOIN groups g ON g.id = t.group_id AND g.state <> 'deleted' WHERE f.task_id = $1 AND f.kind = $2`,
      [task, kind],
    )) as File[];
    return rows[0];
  }
}

function resourceNotFound(resource: TaskResource, field?: string): MitoError {
  const name =
    resource.from === 'attachment'
      ? `the attachment "${resource.key}"`
      : `the artifact ${resource.kind} of the task ${resource.task}`;
  return new MitoError('not-found', 'resource_not_found', `${name} does not exist, or the task may not read it`, {
    details: { path: resource.path, ...(field !== undefined && { field }) },
  });
}
