import type { DataSource } from 'typeorm';
import { counted, cutText, formatDuration, oneLine, type NoticeEvent } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import { groupFailures } from '../jobs/job-failures.js';
import type { GroupSecrets } from '../secrets/group-secrets.js';
import type { Notice } from './notice.js';
import { tasksOf, type Subject } from './read-subject.js';

export interface ComposeDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly secrets: GroupSecrets;
  /** Of the web page. */
  readonly pageUrl: () => string;
}

interface Told {
  readonly event: NoticeEvent;
  /** Of one that is stuck. */
  readonly waitedMs: number;
}

/** Groups of failures in a message, and characters of one of their lines. */
const FAILURES_MAX = 10;
const LINE_MAX = 300;
const NAME_MAX = 100;

const used = (isJob: boolean): string => `
  SELECT round(1000 * extract(epoch FROM
      coalesce(max(t.finished_at), clock_timestamp()) - coalesce(min(t.started_at), clock_timestamp())
    ))::float8 AS elapsed_ms,
    coalesce(sum(a.wall_ms), 0)::float8 AS wall_ms,
    coalesce(sum(a.user_cpu_ms + a.system_cpu_ms), 0)::float8 AS cpu_ms,
    max(a.peak_rss_bytes)::float8 AS peak_rss_bytes, count(a.number)::int AS attempts
  FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id WHERE ${tasksOf(isJob)}`;

/** The command that shows what waits. */
const waitingTasks = (isJob: boolean, id: string): string =>
  isJob ? `tasks query --job ${id} --state ready` : `tasks explain ${id}`;

function titleOf(
  { isJob, name, group, counts, current }: Subject,
  { event, waitedMs, why }: Pick<Told, 'event' | 'waitedMs'> & { readonly why: string | undefined },
): string {
  const what = `${isJob ? 'Job' : 'Task'} ${cutText(oneLine(name), NAME_MAX, '…')} (${group})`;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (event === 'started') return `${what} started`;
  if (event === 'stuck') return `${what} has waited for a worker for ${formatDuration(waitedMs)}`;
  if (!isJob) return `${what} ${current.state}${why === undefined ? '' : `: ${why}`}`;
  const count = event === 'failed' ? (counts.failed ?? 0) : (counts[current.state] ?? 0);
  return `${what} ${current.state}: ${count.toLocaleString('en-US')} of ${counted(total, 'task')} ${current.state}`;
}

/** What a message says: facts of the database and last lines of the outputs, with the secrets of the group masked. */
export async function composeNotice(
  { dataSource, store, secrets, pageUrl }: ComposeDeps,
  subject: Subject,
  { event, waitedMs }: Told,
): Promise<Notice> {
  const { id, isJob, name, group, groupId, creator, counts, current } = subject;
  const [figures] = (await dataSource.query(used(isJob), [id])) as [NonNullable<Notice['used']>];
  const { groups } =
    (counts.failed ?? 0) > 0 && event === 'failed'
      ? await groupFailures({ dataSource, store }, { uuid: id, isJob })
      : { groups: [] };
  const masked = await secrets.maskFor(groupId);
  const shown = groups.slice(0, FAILURES_MAX);
  return {
    event,
    title: masked(titleOf(subject, { event, waitedMs, why: groups[0]?.why })),
    subject: {
      kind: isJob ? 'job' : 'task',
      uuid: id,
      name: masked(oneLine(name)),
      group,
      creator,
      state: current.state,
      counts: counts as Record<string, number>,
    },
    used: figures.attempts > 0 ? figures : null,
    failures: shown.map(({ count, why, lines }) => ({
      count,
      why,
      lines: lines.map((line) => cutText(masked(line), LINE_MAX, '…')),
    })),
    other_failures: event === 'failed' ? (counts.failed ?? 0) - shown.reduce((sum, { count }) => sum + count, 0) : 0,
    reason:
      event === 'stuck'
        ? `${counted(counts.ready ?? 0, 'task')} ready and none running. "mito ${waitingTasks(isJob, id)}" shows more.`
        : null,
    link: `${pageUrl()}/#/${isJob ? 'jobs' : 'tasks'}/${id}`,
  };
}
