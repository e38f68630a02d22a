import { useState } from 'preact/hooks';
import type { AuditPage, StorageReport, UserPage, UserView } from '@mitosis/protocol';
import { call, part, search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { bytes, count } from '../app/format.js';
import type { Route } from '../app/router.js';
import { Confirm, Dialog } from '../parts/dialog.js';
import { Empty } from '../parts/empty.js';
import { FilterBar, withoutPosition, type FilterField } from '../parts/filter-bar.js';
import { Field, Form } from '../parts/form.js';
import { attempt, Failure, say } from '../parts/notices.js';
import { Facts, Loading, Page, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { Ago } from '../parts/time.js';

const AUDIT_FIELDS: readonly FilterField[] = [
  { name: 'actor', label: 'Who', hint: 'name of a user, uuid of a worker' },
  { name: 'action', label: 'What', hint: 'ids of operations: tasks.cancel' },
  { name: 'object', label: 'On what', hint: 'part of its name' },
  { name: 'since', label: 'Since', hint: 'ISO 8601' },
  { name: 'until', label: 'Until', hint: 'ISO 8601' },
];

export default function AdminPage({ route: { query } }: { readonly route: Route }) {
  return (
    <Page
      title="Administration"
      actions={
        <>
          <a class="button" href="board">
            Queues (Bull Board)
          </a>
          <a class="button" href="docs">
            API
          </a>
        </>
      }
      command="mito admin users query"
    >
      <Users />
      <Audit query={query} />
      <Storage />
    </Page>
  );
}

function Users() {
  const { data, error, reload } = useApi<UserPage>('users?limit=200');
  const [isCreating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<UserView>();
  const update = ({ username }: UserView, changes: object, text: string): void =>
    void attempt(async () => {
      await call('PATCH', `users/${part(username)}`, { body: changes });
      reload();
      return text;
    });
  const remove = async ({ username }: UserView): Promise<void> => {
    await call('DELETE', `users/${part(username)}`);
    say(`${username} is deleted.`);
    reload();
  };
  return (
    <Section
      title="Users"
      note={data && `${count(data.users.length, 'user')}${data.next === null ? '' : ', the first of more'}`}
      actions={
        <button type="button" onClick={() => setCreating(true)}>
          Create a user …
        </button>
      }
    >
      {error && <Failure error={error} />}
      {!data && !error && <Loading what="the users" />}
      {data && (
        <Table
          label="Users"
          columns={[
            { name: 'User', isWide: true, cell: ({ username }) => <span dir="auto">{username}</span> },
            { name: 'State', cell: ({ state }) => state },
            { name: 'Administrator', cell: (user) => (user.is_admin ? 'yes' : 'no') },
            { name: 'Groups at most', isNumber: true, isExtra: true, cell: (user) => user.group_quota },
            { name: 'Created', isExtra: true, cell: (user) => <Ago at={user.created_at} /> },
            {
              name: 'Do',
              cell: (user) => (
                <span class="actions">
                  {user.state === 'active' && (
                    <button
                      type="button"
                      class="small"
                      aria-label={`Lock ${user.username}`}
                      onClick={() => update(user, { state: 'locked' }, `${user.username} is locked.`)}
                    >
                      Lock
                    </button>
                  )}
                  {user.state === 'locked' && (
                    <button
                      type="button"
                      class="small"
                      aria-label={`Unlock ${user.username}`}
                      onClick={() => update(user, { state: 'active' }, `${user.username} is active.`)}
                    >
                      Unlock
                    </button>
                  )}
                  <button
                    type="button"
                    class="small danger"
                    aria-label={`Delete ${user.username}`}
                    onClick={() => setRemoving(user)}
                  >
                    Delete …
                  </button>
                </span>
              ),
            },
          ]}
          rows={data.users}
          keyOf={({ uuid }) => uuid}
        />
      )}
      {isCreating && <CreateUser onClose={() => setCreating(false)} onDone={reload} />}
      {removing && (
        <Confirm
          title={`Delete ${removing.username}?`}
          action="Delete the user"
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(undefined)}
        >
          The account is gone for good. What the user has made stays.
        </Confirm>
      )}
    </Section>
  );
}

function CreateUser({ onClose, onDone }: { onClose(): void; onDone(): void }) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const create = async (): Promise<void> => {
    await call('POST', 'users', { body: { username, password } });
    say(`${username} can sign in, and has a group of the same name.`);
    onClose();
    onDone();
  };
  return (
    <Dialog title="Create a user" onClose={onClose}>
      <Form action="Create" onSubmit={create} fields={['username', 'password']}>
        {(errorOf) => (
          <>
            <Field
              label="User"
              name="username"
              value={username}
              onValue={setUsername}
              error={errorOf('username')}
              isRequired
              isFirst
            />
            <Field
              label="First password"
              name="password"
              type="password"
              value={password}
              onValue={setPassword}
              autocomplete="new-password"
              error={errorOf('password')}
              hint="at least 8 characters"
              isRequired
            />
          </>
        )}
      </Form>
    </Dialog>
  );
}

function Audit({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const { data, error } = useApi<AuditPage>(`audit${search({ ...withoutPosition(query), limit: 50 })}`, {
    everyMs: 15_000,
  });
  return (
    <Section title="Audit log" note="who did what, the newest 50">
      <FilterBar query={query} fields={AUDIT_FIELDS} presets={[{ name: 'refused', query: { outcome: 'denied' } }]} />
      {error && <Failure error={error} />}
      {data &&
        (data.entries.length === 0 ? (
          <Empty>No entry matches the filter.</Empty>
        ) : (
          <Table
            label="Audit log"
            columns={[
              { name: 'When', cell: ({ at }) => <Ago at={at} /> },
              {
                name: 'Who',
                cell: ({ actor, actor_kind: kind }) => <span dir="auto">{actor === '' ? kind : actor}</span>,
              },
              { name: 'What', cell: ({ action }) => action },
              {
                name: 'On what',
                isWide: true,
                cell: ({ object }) => (
                  <span dir="auto" title={object}>
                    {object}
                  </span>
                ),
              },
              { name: 'Outcome', cell: ({ outcome }) => outcome },
              { name: 'From', isExtra: true, cell: ({ address }) => address },
            ]}
            rows={data.entries}
            keyOf={({ id }) => id}
          />
        ))}
    </Section>
  );
}

function Storage() {
  const [report, setReport] = useState<StorageReport>();
  const check = (): void =>
    void attempt(async () => setReport(await call<StorageReport>('POST', 'admin/storage/check', { body: {} })));
  return (
    <Section
      title="Storage"
      actions={
        <button type="button" onClick={check}>
          Compare the store with the database
        </button>
      }
    >
      {report === undefined ? (
        <p class="dim">Nothing is changed by a comparison.</p>
      ) : (
        <Facts
          facts={[
            ['Found', report.is_clean ? 'everything is as it should be' : 'differences: see “mito admin fsck”'],
            ['Stored', `${count(report.objects, 'object')}, ${bytes(report.bytes)}`],
            ['Without rows', count(report.objects_without_rows_count, 'object')],
            ['Without objects', count(report.rows_without_objects_count, 'row')],
            ['Miscounted', count(report.groups_miscounted.length, 'group')],
          ]}
        />
      )}
    </Section>
  );
}
