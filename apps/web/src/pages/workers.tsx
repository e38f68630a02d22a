import { useState } from 'preact/hooks';
import type { CreatedEnrolment, WorkerPage, WorkerView } from '@mitosis/protocol';
import { call, search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { count, shellLine } from '../app/format.js';
import { go, href, type Route } from '../app/router.js';
import { groupsFor, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { CopyLine } from '../parts/copy-line.js';
import { Dialog } from '../parts/dialog.js';
import { Empty } from '../parts/empty.js';
import { FilterBar, withoutPosition, type FilterField } from '../parts/filter-bar.js';
import { Field, Form } from '../parts/form.js';
import { Failure } from '../parts/notices.js';
import { Loading, Page, Words } from '../parts/page.js';
import { Table, type Column } from '../parts/table.js';
import { Ago } from '../parts/time.js';
import { WorkerHealthMark } from '../parts/worker-health.js';

const FIELDS: readonly FilterField[] = [
  { name: 'group', label: 'Group' },
  { name: 'creator', label: 'Creator' },
  { name: 'tags', label: 'Tags', hint: 'has all of: a,b' },
  { name: 'labels', label: 'Labels', hint: 'has all of: a,b' },
];

const COLUMNS: readonly Column<WorkerView>[] = [
  { name: 'Health', cell: (worker) => <WorkerHealthMark worker={worker} /> },
  {
    name: 'Host',
    isWide: true,
    cell: (worker) => (
      <a href={href(['worker', worker.uuid])} dir="auto">
        {worker.hostname}
      </a>
    ),
  },
  { name: 'Slots in use', isNumber: true, cell: (worker) => `${worker.running} of ${worker.slots}` },
  {
    name: 'Tags',
    cell: (worker) => (worker.tags.length === 0 ? <span class="dim">any task</span> : <Words words={worker.tags} />),
  },
  { name: 'Groups', isExtra: true, cell: (worker) => <Words words={Object.keys(worker.groups)} /> },
  { name: 'Version', isExtra: true, cell: (worker) => worker.version },
  { name: 'Last seen', cell: (worker) => <Ago at={worker.last_seen_at} /> },
];

export default function WorkersPage({ route: { query } }: { readonly route: Route }) {
  const filters = withoutPosition(query);
  const canEnrol = groupsFor(useStore(session), 'worker.register').length > 0;
  const [isEnrolling, setEnrolling] = useState(false);
  const { data, error } = useApi<WorkerPage>(`workers${search({ ...query, limit: 100 })}`, { everyMs: 5_000 });
  const alive = data?.workers.filter(({ is_alive: isAlive }) => isAlive).length ?? 0;
  return (
    <Page
      title="Workers"
      lead={
        data && `${count(data.workers.length, 'worker')}${data.next === null ? '' : ' on this page'}, ${alive} alive`
      }
      actions={
        canEnrol && (
          <button type="button" onClick={() => setEnrolling(true)}>
            Add a worker …
          </button>
        )
      }
      command="mito workers query"
    >
      <FilterBar
        query={query}
        fields={FIELDS}
        presets={[{ name: 'also those that are gone', query: { all: 'true' } }]}
      />
      {error && <Failure error={error} />}
      {!data && !error && <Loading what="the workers" />}
      {data &&
        (data.workers.length === 0 ? (
          <Empty command={canEnrol ? 'mito workers enroll' : undefined}>
            {Object.keys(filters).length > 0 ? 'No worker matches the filter.' : 'There are no workers yet.'}
          </Empty>
        ) : (
          <Table
            label="Workers"
            columns={COLUMNS}
            rows={data.workers}
            keyOf={({ uuid }) => uuid}
            hasKeys
            onOpen={({ uuid }) => go(['worker', uuid])}
          />
        ))}
      {isEnrolling && <EnrolDialog onClose={() => setEnrolling(false)} />}
    </Page>
  );
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Where this page is, with the prefix that a proxy may have added. */
function ownAddress(): string {
  return new URL('.', location.href).href.replace(/\/$/, '');
}

/** The code is in the environment, where other users of the machine do not see it. */
function lineOf({ code, address, pin }: CreatedEnrolment): string {
  const key = pin !== undefined && address !== undefined ? ['--pin', pin] : [];
  return shellLine([`MITO_ENROLL=${code}`, 'mito', 'worker', '--coordinator', address ?? ownAddress(), ...key]);
}

/** Makes a code with which one machine becomes a worker. */
function EnrolDialog({ onClose }: { onClose(): void }) {
  const groups = groupsFor(useStore(session), 'worker.register');
  const [group, setGroup] = useState(groups[0] ?? '');
  const [tags, setTags] = useState('');
  const [code, setCode] = useState<CreatedEnrolment>();
  const create = async (): Promise<void> =>
    setCode(
      await call<CreatedEnrolment>('POST', 'enrolments', {
        body: { ...(group !== '' && { groups: [group] }), tags: listOf(tags) },
      }),
    );
  return (
    <Dialog title="Add a worker" onClose={onClose}>
      {code === undefined ? (
        <Form action="Make a code" onSubmit={create}>
          {() => (
            <>
              <Field
                label="Group whose tasks it runs"
                name="group"
                value={group}
                onValue={setGroup}
                choices={groups}
                isFirst
              />
              <Field
                label="Tags"
                name="tags"
                value={tags}
                onValue={setTags}
                hint="gpu,cuda12; empty: it takes any task of the group"
              />
            </>
          )}
        </Form>
      ) : (
        <>
          <p>Type this on the machine. The code is shown only here, and is good for one worker until it expires.</p>
          <CopyLine label="On the machine" text={lineOf(code)} />
        </>
      )}
    </Dialog>
  );
}
