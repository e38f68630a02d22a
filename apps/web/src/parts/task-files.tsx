import { useState } from 'preact/hooks';
import type { CheckpointList, TaskDetail, TaskFileEntry, TaskFiles } from '@mitosis/protocol';
import { call, part, search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { bytes, count, shellLine } from '../app/format.js';
import { may, session } from '../app/session.js';
import { useStore } from '../app/store.js';
import { CopyLine } from './copy-line.js';
import { Confirm } from './dialog.js';
import { Empty } from './empty.js';
import { Failure, say } from './notices.js';
import { Loading, Section } from './page.js';
import { Table } from './table.js';
import { Ago } from './time.js';

/** The folders of a running task, for those who may go into it. They are read when somebody asks for them. */
export function RunningFiles({ task }: { readonly task: TaskDetail }) {
  const canLook = may(useStore(session), { action: 'task.attach', groupId: task.group });
  const [path, setPath] = useState<string>();
  if (!canLook || task.state !== 'running') return null;
  if (path === undefined)
    return (
      <Section
        title="Files of the running task"
        actions={
          <button type="button" onClick={() => setPath('')}>
            Look at its files
          </button>
        }
      >
        <CopyLine text={`mito tasks ls ${task.uuid}`} />
      </Section>
    );
  return <Folder task={task} path={path} onPath={setPath} />;
}

function Folder({ task, path, onPath }: { task: TaskDetail; path: string; onPath(path: string): void }) {
  const query = search({ path: path === '' ? undefined : path });
  const { data, error, isLoading, reload } = useApi<TaskFiles>(`tasks/${part(task.uuid)}/files${query}`);
  const pathOf = ({ name }: TaskFileEntry): string => (path === '' ? name : `${path}/${name}`);
  const addressOf = (entry: TaskFileEntry): string =>
    `tasks/${part(task.uuid)}/files/content${search({ path: pathOf(entry), packed: entry.kind === 'folder' })}`;
  const steps = path === '' ? [] : path.split('/');
  return (
    <Section
      title="Files of the running task"
      note={data && `${count(data.entries.length, 'entry', 'entries')}${data.is_truncated ? ', and more' : ''}`}
      actions={
        <button type="button" onClick={reload}>
          Read again
        </button>
      }
    >
      <nav class="path" aria-label="Folder">
        <button type="button" class="link" onClick={() => onPath('')}>
          task
        </button>
        {steps.map((step, at) => (
          <span key={at}>
            /{' '}
            <button type="button" class="link" dir="auto" onClick={() => onPath(steps.slice(0, at + 1).join('/'))}>
              {step}
            </button>
          </span>
        ))}
      </nav>
      {error && <Failure error={error} />}
      {!data && isLoading && <Loading what="the folder" />}
      {data && data.entries.length === 0 && <Empty>The folder is empty.</Empty>}
      {data && data.entries.length > 0 && (
        <Table
          label="Files of the running task"
          columns={[
            {
              name: 'Name',
              isWide: true,
              cell: (entry) =>
                entry.kind === 'folder' ? (
                  <button type="button" class="link" dir="auto" onClick={() => onPath(pathOf(entry))}>
                    {entry.name}/
                  </button>
                ) : (
                  <span dir="auto">
                    {entry.name}
                    {entry.target !== undefined && <span class="dim"> → {entry.target}</span>}
                  </span>
                ),
            },
            { name: 'Size', isNumber: true, cell: ({ kind, size_bytes: size }) => kind === 'file' && bytes(size) },
            { name: 'Changed', isExtra: true, cell: (entry) => <Ago at={entry.modified_at} /> },
            {
              name: 'Do',
              cell: (entry) =>
                (entry.kind === 'file' || entry.kind === 'folder') && (
                  <a
                    href={addressOf(entry)}
                    download={entry.kind === 'folder' ? `${entry.name}.tar.gz` : entry.name}
                    aria-label={`Download ${entry.name}`}
                  >
                    Download
                  </a>
                ),
            },
          ]}
          rows={data.entries}
          keyOf={({ name }) => name}
        />
      )}
      <CopyLine text={shellLine(['mito', 'tasks', 'ls', task.uuid, ...(path === '' ? [] : [path])])} />
    </Section>
  );
}

/** The states that a task has stored of itself; nothing for a task that stores none. */
export function Checkpoints({ task }: { readonly task: TaskDetail }) {
  const canDelete = may(useStore(session), { action: 'task.manage', groupId: task.group });
  const { data, error, reload } = useApi<CheckpointList>(
    task.attempt === 0 ? undefined : `tasks/${part(task.uuid)}/checkpoints`,
    { isConcerned: (change) => change.type === 'task' && change.task === task.uuid },
  );
  const [isAsking, setAsking] = useState(false);
  if (error) return <Failure error={error} />;
  if (!data || data.checkpoints.length === 0) return null;
  const remove = async (): Promise<void> => {
    await call('DELETE', `tasks/${part(task.uuid)}/checkpoints`);
    say('The checkpoints are deleted.');
    reload();
  };
  return (
    <Section
      title="Checkpoints"
      note={`${count(data.checkpoints.length, 'checkpoint')}, newest first; the next attempt starts with the first one`}
      actions={
        canDelete && (
          <button type="button" class="danger" onClick={() => setAsking(true)}>
            Delete …
          </button>
        )
      }
    >
      <Table
        label="Checkpoints"
        columns={[
          {
            name: 'Checkpoint',
            isWide: true,
            cell: ({ attempt, number }) =>
              attempt === 0 ? `${number}, taken over from another task` : `${number} of attempt ${attempt}`,
          },
          { name: 'Size', isNumber: true, cell: (row) => bytes(row.size_bytes) },
          { name: 'Stored', cell: (row) => <Ago at={row.created_at} /> },
          {
            name: 'Do',
            cell: ({ download, attempt, number }) => (
              <a
                href={(download.relay_url ?? download.url).replace(/^\//, '')}
                download=""
                aria-label={`Download checkpoint ${number} of attempt ${attempt}`}
              >
                Download
              </a>
            ),
          },
        ]}
        rows={data.checkpoints}
        keyOf={({ attempt, number }) => `${attempt}-${number}`}
      />
      <CopyLine text={`mito tasks checkpoints ${task.uuid}`} />
      {isAsking && (
        <Confirm
          title="Delete the checkpoints?"
          action="Delete the checkpoints"
          onConfirm={remove}
          onClose={() => setAsking(false)}
        >
          The next attempt starts from the beginning. This can't be undone.
        </Confirm>
      )}
    </Section>
  );
}
