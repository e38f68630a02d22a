import type { DataSource } from 'typeorm';
import { MitoError } from '@mitosis/domain';
import type { ExperimentText, KnownTasks, KnownTasksQuery } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { findGroup } from '../groups/find-group.js';
import type { JobReader } from '../jobs/read-jobs.js';

type KnownRow = KnownTasks['tasks'][number];

/** What is known of jobs that files describe. */
export class ExperimentReader {
  constructor(private readonly deps: { readonly dataSource: DataSource; readonly jobs: JobReader }) {}

  /** The tasks of the job with this name in the group, by their identity. Throws `group_not_found`. */
  async tasks(actor: UserActor, group: string, { experiment, limit, after }: KnownTasksQuery): Promise<KnownTasks> {
    const { dataSource } = this.deps;
    const what = 'reading what is known of a job';
    const { id: groupId } = await findGroup(dataSource.manager, actor, group, { action: 'task.read', what });
    const [job] = (await dataSource.query('SELECT id FROM jobs WHERE group_id = $1 AND experiment = $2', [
      groupId,
      experiment,
    ])) as { id: string }[];
    if (!job) return { job: null, tasks: [], next: null };
    const rows = (await dataSource.query(
      `SELECT e.identity, e.run_hash AS run, t.id AS task, t.job_index AS index, t.state,
         coalesce(t.spec -> 'params', '{}') AS params,
         CASE WHEN t.state = 'completed'
           THEN (extract(epoch FROM t.finished_at - t.started_at) * 1000)::float8 END AS wall_ms
       FROM experiment_tasks e JOIN tasks t ON t.id = e.task_id
       WHERE e.job_id = $1 AND ($2::bigint IS NULL OR t.job_index > $2) ORDER BY t.job_index LIMIT $3`,
      [job.id, after ?? null, limit + 1],
    )) as KnownRow[];
    const tasks = rows.slice(0, limit);
    return { job: job.id, tasks, next: rows.length > limit ? String(tasks.at(-1)?.index) : null };
  }

  /** Throws `no_definition` for a job that no file describes. */
  async definition(actor: UserActor, uuid: string): Promise<ExperimentText> {
    await this.deps.jobs.row(actor, uuid, 'task.read');
    const [row] = (await this.deps.dataSource.query(
      'SELECT definition AS text, definition_format AS format FROM jobs WHERE id = $1 AND definition IS NOT NULL',
      [uuid],
    )) as ExperimentText[];
    if (row) return row;
    throw new MitoError('not-found', 'no_definition', 'no file describes this job: it was not made by "mito apply"');
  }
}
