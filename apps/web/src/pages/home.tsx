import { useEffect, useState } from 'preact/hooks';
import type { MetricsSummary, TaskPage } from '@mitosis/protocol';
import { search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { bytes, count, duration } from '../app/format.js';
import { go, href } from '../app/router.js';
import { groupsFor, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Empty } from '../parts/empty.js';
import { Failure } from '../parts/notices.js';
import { Facts, Loading, Page, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { TASK_COLUMNS } from '../parts/task-rows.js';

const LIMIT = 10;
const SEEN = 'mito-last-look';

/** When this browser last looked at the first page; the time is stored when the page is left. */
function useLastLook(): string | undefined {
  const [since] = useState(() => localStorage.getItem(SEEN) ?? undefined);
  useEffect(() => {
    const now = new Date().toISOString();
    return () => localStorage.setItem(SEEN, now);
  }, []);
  return since;
}

function midnight(): string {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  return day.toISOString();
}

export default function HomePage() {
  const current = useStore(session);
  const since = useLastLook();
  const [today] = useState(midnight);
  if (!('user' in current)) return null;
  const creator = current.user.username;
  return (
    <Page
      title="Home"
      lead={`Signed in as ${creator}`}
      command={`mito tasks query --creator ${creator} --state running`}
    >
      <TaskList
        title="Running"
        query={{ creator, state: 'running' }}
        empty="None of your tasks is running."
        command={groupsFor(current, 'task.submit').length > 0 ? 'mito run -- echo hello' : undefined}
      />
      <TaskList
        title="Failed today"
        query={{ creator, state: 'failed', finished_after: today }}
        empty="None of your tasks has failed today."
      />
      <TaskList title="Waiting" query={{ creator, state: 'pending,ready' }} empty="None of your tasks waits." />
      {since !== undefined && (
        <TaskList
          title="Finished since you last looked"
          query={{ creator, state: 'completed,failed,cancelled', finished_after: since }}
          empty="Nothing of yours has finished since."
        />
      )}
      {current.user.is_admin && <Fleet />}
    </Page>
  );
}

function TaskList({
  title,
  query,
  empty,
  command,
}: {
  readonly title: string;
  readonly query: Readonly<Record<string, string>>;
  readonly empty: string;
  readonly command?: string | undefined;
}) {
  const { data, error } = useApi<TaskPage>(`tasks${search({ ...query, limit: LIMIT })}`, {
    isConcerned: ({ type }) => type !== 'group',
  });
  const { data: total } = useApi<{ count: number }>(`tasks/count${search(query)}`, {
    isConcerned: ({ type }) => type !== 'group',
  });
  return (
    <Section
      title={title}
      note={total && count(total.count, 'task')}
      actions={
        total && total.count > LIMIT ? (
          <a href={href(['tasks'], query)}>All {total.count.toLocaleString('en')}</a>
        ) : undefined
      }
    >
      {error && <Failure error={error} />}
      {!data && !error && <Loading what="tasks" />}
      {data &&
        (data.tasks.length === 0 ? (
          <Empty command={command}>{empty}</Empty>
        ) : (
          <Table
            label={title}
            columns={TASK_COLUMNS}
            rows={data.tasks}
            keyOf={({ uuid }) => uuid}
            onOpen={({ uuid }) => go(['task', uuid])}
          />
        ))}
    </Section>
  );
}

/** The load of the whole deployment. */
function Fleet() {
  const { data, error } = useApi<MetricsSummary>('metrics/summary', { everyMs: 5_000 });
  if (error) return <Failure error={error} />;
  if (!data) return <Loading what="the load" />;
  const alive = data.workers.filter(({ health }) => health === 'ok');
  const sum = (values: readonly (number | null)[]): number =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return (
    <Section title="The fleet" actions={<a href={href(['workers'])}>Workers</a>}>
      <Facts
        facts={[
          ['Workers', `${alive.length} of ${data.workers.length} in order`],
          ['Slots', `${sum(alive.map(({ running }) => running))} of ${sum(alive.map(({ slots }) => slots))} in use`],
          [
            'Memory',
            `${bytes(sum(alive.map((worker) => worker.memory_used_bytes)))} ` +
              `of ${bytes(sum(alive.map((worker) => worker.memory_total_bytes)))}`,
          ],
          ['Ready', count(data.tasks.ready ?? 0, 'task')],
          ['Oldest ready', data.oldest_ready_s === null ? 'none waits' : duration(data.oldest_ready_s * 1_000)],
          ['Finished', data.finished_per_s === null ? undefined : `${data.finished_per_s.toFixed(2)} per second`],
        ]}
      />
    </Section>
  );
}
