import { useState } from 'preact/hooks';
import type { AttachmentPage, AttachmentView, GroupView, MemberList } from '@mitosis/protocol';
import { call, part, search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { bytes, count, shellLine } from '../app/format.js';
import type { Route } from '../app/router.js';
import { may, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { Confirm, Dialog } from '../parts/dialog.js';
import { Empty } from '../parts/empty.js';
import { Field, Form } from '../parts/form.js';
import { attempt, Failure, say } from '../parts/notices.js';
import { Absent, Facts, Page, Section } from '../parts/page.js';
import { Receivers } from '../parts/receivers.js';
import { Table } from '../parts/table.js';
import { Ago } from '../parts/time.js';
import { Usage } from '../parts/usage.js';
import { DropZone } from '../upload/drop-zone.js';
import { fetchSigned } from '../upload/fetch-signed.js';

const ROLES = ['read', 'write-wasm', 'write', 'admin'];

export default function GroupPage({ route: { path } }: { readonly route: Route }) {
  const name = path[1] ?? '';
  const { data: group, error } = useApi<GroupView>(`groups/${part(name)}`, { everyMs: 15_000 });
  const current = useStore(session);
  if (!group) return <Absent title="Group" error={error} />;
  return (
    <Page
      title={group.name}
      lead={`A group${group.state === 'active' ? '' : `, ${group.state}`}; your role: ${group.role ?? 'none'}`}
      command={`mito groups get ${group.name}`}
    >
      {error && <Failure error={error} />}
      <Facts
        facts={[
          ['Storage', `${bytes(group.storage_used_bytes)} of ${bytes(group.storage_quota_bytes)}`],
          ['Being uploaded', group.storage_reserved_bytes > 0 && bytes(group.storage_reserved_bytes)],
          [
            'Waiting tasks',
            group.queued_tasks_max === null ? 'no limit' : `at most ${count(group.queued_tasks_max, 'task')}`,
          ],
          [
            'Running tasks',
            group.running_tasks_max === null ? 'no limit' : `at most ${count(group.running_tasks_max, 'task')}`,
          ],
          ['Creator', group.creator],
          ['Created', <Ago key="created" at={group.created_at} />],
        ]}
      />
      <Attachments group={group.name} />
      <Usage group={group.name} />
      {may(current, { action: 'group.manage', groupId: group.name }) && (
        <>
          <Members group={group.name} />
          <Receivers group={group.name} />
        </>
      )}
    </Page>
  );
}

function Attachments({ group }: { readonly group: string }) {
  const current = useStore(session);
  const canUpload = may(current, { action: 'attachment.write', groupId: group });
  const canDelete = may(current, { action: 'attachment.delete', groupId: group });
  const [prefix, setPrefix] = useState('');
  const [after, setAfter] = useState<string>();
  const [removing, setRemoving] = useState<AttachmentView>();
  const query = search({
    limit: 100,
    count: true,
    ...(prefix !== '' && { prefix }),
    ...(after !== undefined && { after }),
  });
  const { data, error, reload } = useApi<AttachmentPage>(`groups/${part(group)}/attachments${query}`);
  const remove = async ({ key }: AttachmentView): Promise<void> => {
    await call('DELETE', `groups/${part(group)}/attachments/file${search({ key })}`);
    say(`${key} is deleted.`);
    reload();
  };
  return (
    <Section
      title="Files"
      note={
        data &&
        `${count(data.count ?? 0, 'file')}, ` +
          `${bytes(data.total_bytes ?? 0)}${prefix === '' ? '' : ` that begin with ${prefix}`}`
      }
      actions={
        <input
          type="search"
          aria-label="Files that begin with"
          placeholder="Files that begin with"
          value={prefix}
          onInput={({ currentTarget }) => (setAfter(undefined), setPrefix(currentTarget.value.trim()))}
        />
      }
    >
      {canUpload && <DropZone group={group} prefix={prefix.endsWith('/') ? prefix : ''} onStored={reload} />}
      {error && <Failure error={error} />}
      {data &&
        (data.attachments.length === 0 ? (
          <Empty
            command={
              canUpload
                ? shellLine(['mito', 'groups', 'attachments', 'upload', '--group', group, 'data.csv'])
                : undefined
            }
          >
            {prefix === '' ? 'There are no files yet.' : 'No file begins so.'}
          </Empty>
        ) : (
          <Table
            label="Files"
            columns={[
              {
                name: 'Name',
                isWide: true,
                cell: ({ key }) => (
                  <span dir="auto" title={key}>
                    {key}
                  </span>
                ),
              },
              { name: 'Size', isNumber: true, cell: (file) => bytes(file.size_bytes) },
              { name: 'By', isExtra: true, cell: (file) => file.creator },
              { name: 'Stored', cell: (file) => <Ago at={file.created_at} /> },
              {
                name: 'Do',
                cell: (file) => (
                  <span class="actions">
                    <button
                      type="button"
                      class="small"
                      aria-label={`Download ${file.key}`}
                      onClick={() =>
                        void attempt(() =>
                          fetchSigned(`groups/${part(group)}/attachments/file${search({ key: file.key })}`),
                        )
                      }
                    >
                      Download
                    </button>
                    {canDelete && (
                      <button
                        type="button"
                        class="small danger"
                        aria-label={`Delete ${file.key}`}
                        onClick={() => setRemoving(file)}
                      >
                        Delete …
                      </button>
                    )}
                  </span>
                ),
              },
            ]}
            rows={data.attachments}
            keyOf={({ key }) => key}
          />
        ))}
      {data?.next != null && (
        <button type="button" onClick={() => setAfter(data.next ?? undefined)}>
          More
        </button>
      )}
      {removing && (
        <Confirm
          title={`Delete ${removing.key}?`}
          action="Delete the file"
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(undefined)}
        >
          Tasks that name it as an input fail when they start. This can't be undone.
        </Confirm>
      )}
    </Section>
  );
}

function Members({ group }: { readonly group: string }) {
  const { data, error, reload } = useApi<MemberList>(`groups/${part(group)}/members`);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string>();
  const setRole = (username: string, role: string): Promise<boolean> =>
    attempt(async () => {
      await call('PUT', `groups/${part(group)}/members`, { body: { members: { [username]: role } } });
      reload();
      return `${username} has the role ${role}.`;
    });
  const remove = async (username: string): Promise<void> => {
    await call('DELETE', `groups/${part(group)}/members/${part(username)}`);
    say(`${username} is no longer a member.`);
    reload();
  };
  return (
    <Section
      title="Members"
      note={data && count(data.members.length, 'member')}
      actions={
        <button type="button" onClick={() => setAdding(true)}>
          Add a member …
        </button>
      }
    >
      {error && <Failure error={error} />}
      {data && (
        <Table
          label="Members"
          columns={[
            { name: 'User', isWide: true, cell: ({ username }) => <span dir="auto">{username}</span> },
            {
              name: 'Role',
              cell: ({ username, role }) => (
                <select
                  aria-label={`Role of ${username}`}
                  value={role}
                  onChange={({ currentTarget }) => void setRole(username, currentTarget.value)}
                >
                  {ROLES.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              ),
            },
            { name: 'State', cell: ({ state }) => state },
            {
              name: 'Do',
              cell: ({ username }) => (
                <button
                  type="button"
                  class="small danger"
                  aria-label={`Remove ${username}`}
                  onClick={() => setRemoving(username)}
                >
                  Remove …
                </button>
              ),
            },
          ]}
          rows={data.members}
          keyOf={({ username }) => username}
        />
      )}
      {isAdding && <AddMember onAdd={setRole} onClose={() => setAdding(false)} />}
      {removing !== undefined && (
        <Confirm
          title={`Remove ${removing}?`}
          action="Remove the member"
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(undefined)}
        >
          What {removing} has submitted stays, and no longer runs on workers that only {removing} has lent.
        </Confirm>
      )}
    </Section>
  );
}

function AddMember({ onAdd, onClose }: { onAdd(username: string, role: string): Promise<boolean>; onClose(): void }) {
  const [username, setUsername] = useState('');
  const [role, setRole] = useState('write');
  const add = async (): Promise<void> => {
    if (await onAdd(username, role)) onClose();
  };
  return (
    <Dialog title="Add a member" onClose={onClose}>
      <Form action="Add" onSubmit={add}>
        {() => (
          <>
            <Field label="User" name="username" value={username} onValue={setUsername} isRequired isFirst />
            <Field
              label="Role"
              name="role"
              value={role}
              onValue={setRole}
              choices={ROLES}
              hint="read sees; write submits, cancels and uploads; admin manages members, too"
            />
          </>
        )}
      </Form>
    </Dialog>
  );
}
