import type { TaskPage, WorkerView } from '@mitosis/protocol';
import { call, part, search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { go, type Route } from '../app/router.js';
import { may, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Empty } from '../parts/empty.js';
import { attempt, Failure, say } from '../parts/notices.js';
import { Absent, Facts, Page, Section, Words } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { TASK_COLUMNS } from '../parts/task-rows.js';
import { Ago } from '../parts/time.js';
import { WorkerHealthMark } from '../parts/worker-health.js';

export default function WorkerPage({ route: { path } }: { readonly route: Route }) {
  const uuid = path[1] ?? '';
  const { data: worker, error, reload } = useApi<WorkerView>(`workers/${part(uuid)}`, { everyMs: 5_000 });
  const tasks = useApi<TaskPage>(`tasks${search({ worker: uuid, limit: 20 })}`, {
    isConcerned: ({ type }) => type !== 'group',
    everyMs: 10_000,
  });
  if (!worker) return <Absent title="Worker" error={error} />;
  return (
    <Page
      title={worker.hostname}
      lead={<WorkerHealthMark worker={worker} />}
      actions={<Actions worker={worker} onDone={reload} />}
      command={`mito workers get ${worker.uuid}`}
    >
      {error && <Failure error={error} />}
      <Facts
        facts={[
          ['Trouble', worker.trouble],
          ['Slots', `${worker.running} of ${worker.slots} in use`],
          [
            'Tags',
            worker.tags.length > 0 ? <Words key="tags" words={worker.tags} /> : 'none: it takes any task of its groups',
          ],
          ['Labels', worker.labels.length > 0 && <Words key="labels" words={worker.labels} />],
          [
            'Groups',
            Object.entries(worker.groups)
              .map(([name, role]) => `${name} (${role})`)
              .join(', '),
          ],
          ['Creator', worker.creator],
          ['Version', worker.version],
          ['Registered', <Ago key="registered" at={worker.registered_at} />],
          ['Last seen', <Ago key="seen" at={worker.last_seen_at} />],
          ['Uuid', <code key="uuid">{worker.uuid}</code>],
        ]}
      />
      <Section title="Tasks" note="whose last attempt was here, newest first">
        {tasks.error && <Failure error={tasks.error} />}
        {tasks.data &&
          (tasks.data.tasks.length === 0 ? (
            <Empty>It has run no task that you may see.</Empty>
          ) : (
            <Table
              label="Tasks"
              columns={TASK_COLUMNS}
              rows={tasks.data.tasks}
              keyOf={(task) => task.uuid}
              hasKeys
              onOpen={(task) => go(['task', task.uuid])}
            />
          ))}
      </Section>
    </Page>
  );
}

function Actions({ worker, onDone }: { readonly worker: WorkerView; onDone(): void }) {
  const groups = new Map(Object.entries(worker.groups));
  const mayManage = may(useStore(session), { action: 'worker.manage', groups });
  if (!mayManage || worker.state === 'gone') return null;
  const steer = (wanted: WorkerView['wanted'], text: string): void =>
    void attempt(async () => {
      await call('POST', `workers/${part(worker.uuid)}/wanted`, { body: { wanted } });
      onDone();
      const before = worker.wanted;
      const undo = { label: 'Undo', act: () => steer(before, 'As it was.') };
      say(text, before === wanted ? undefined : undo);
    });
  return worker.wanted === 'run' ? (
    <button type="button" onClick={() => steer('drain', 'It takes no new tasks; those that run continue.')}>
      Drain
    </button>
  ) : (
    <button type="button" onClick={() => steer('run', 'It takes tasks again.')}>
      Resume
    </button>
  );
}
