import { useState } from 'preact/hooks';
import type { GroupPage, GroupView } from '@mitosis/protocol';
import { call } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { bytes, count } from '../app/format.js';
import { go, href } from '../app/router.js';
import { loadSession } from '../app/session.js';
import { Dialog } from '../parts/dialog.js';
import { Empty } from '../parts/empty.js';
import { Field, Form } from '../parts/form.js';
import { Failure, say } from '../parts/notices.js';
import { Loading, Page } from '../parts/page.js';
import { Table, type Column } from '../parts/table.js';

const COLUMNS: readonly Column<GroupView>[] = [
  {
    name: 'Name',
    isWide: true,
    cell: (group) => (
      <a href={href(['group', group.name])} dir="auto">
        {group.name}
      </a>
    ),
  },
  { name: 'Your role', cell: (group) => group.role ?? <span class="dim">none</span> },
  { name: 'State', cell: (group) => group.state },
  { name: 'Creator', isExtra: true, cell: (group) => group.creator },
  {
    name: 'Storage',
    isNumber: true,
    cell: (group) => `${bytes(group.storage_used_bytes)} of ${bytes(group.storage_quota_bytes)}`,
  },
  {
    name: 'Waiting at most',
    isNumber: true,
    isExtra: true,
    cell: (group) => group.queued_tasks_max?.toLocaleString('en') ?? 'no limit',
  },
  {
    name: 'Running at most',
    isNumber: true,
    isExtra: true,
    cell: (group) => group.running_tasks_max?.toLocaleString('en') ?? 'no limit',
  },
];

export default function GroupsPage() {
  const { data, error, reload } = useApi<GroupPage>('groups?limit=1000');
  const [isCreating, setCreating] = useState(false);
  return (
    <Page
      title="Groups"
      lead={data && count(data.groups.length, 'group')}
      actions={
        <button type="button" onClick={() => setCreating(true)}>
          Create a group …
        </button>
      }
      command="mito groups query"
    >
      {error && <Failure error={error} />}
      {!data && !error && <Loading what="the groups" />}
      {data &&
        (data.groups.length === 0 ? (
          <Empty command="mito groups create my-lab">You are in no group.</Empty>
        ) : (
          <Table
            label="Groups"
            columns={COLUMNS}
            rows={data.groups}
            keyOf={({ uuid }) => uuid}
            hasKeys
            onOpen={({ name }) => go(['group', name])}
          />
        ))}
      {isCreating && <CreateGroup onClose={() => setCreating(false)} onDone={reload} />}
    </Page>
  );
}

function CreateGroup({ onClose, onDone }: { onClose(): void; onDone(): void }) {
  const [name, setName] = useState('');
  const create = async (): Promise<void> => {
    await call('POST', 'groups', { body: { name } });
    await loadSession();
    say(`The group ${name} is there; you are its admin.`);
    onClose();
    onDone();
  };
  return (
    <Dialog title="Create a group" onClose={onClose}>
      <Form action="Create" onSubmit={create} fields={['name']}>
        {(errorOf) => (
          <Field
            label="Name"
            name="name"
            value={name}
            onValue={setName}
            error={errorOf('name')}
            hint="letters, digits, - and _"
            isRequired
            isFirst
          />
        )}
      </Form>
    </Dialog>
  );
}
