import { useState } from 'preact/hooks';
import { parseNoticeEvents } from '@mitosis/domain';
import type { CreatedReceiver, DeliveryView, ReceiverView } from '@mitosis/protocol';
import { call, part, search } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { count, shellLine } from '../app/format.js';
import { CopyLine } from './copy-line.js';
import { Confirm, Dialog } from './dialog.js';
import { Empty } from './empty.js';
import { Field, Form } from './form.js';
import { attempt, Failure, say } from './notices.js';
import { Section } from './page.js';
import { Table } from './table.js';

const KINDS = ['webhook', 'slack', 'mail', 'command'];

/** Who is told of what happens: the receivers of the reader, or of a group. */
export function Receivers({ group }: { readonly group?: string }) {
  const { data, error, reload } = useApi<{ receivers: ReceiverView[] }>(`receivers${search({ group })}`);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<ReceiverView>();
  const pause = (receiver: ReceiverView, isPaused: boolean): void =>
    void attempt(async () => {
      await call('PATCH', `receivers/${part(receiver.uuid)}`, { body: { is_paused: isPaused } });
      reload();
      const done = isPaused ? 'is paused. Messages wait for up to a day.' : 'is told again.';
      say(`${receiver.name} ${done}`, { label: 'Undo', act: () => pause(receiver, !isPaused) });
    });
  const test = (receiver: ReceiverView): void =>
    void attempt(async () => {
      const { state, status } = await call<DeliveryView>('POST', `receivers/${part(receiver.uuid)}/test`);
      reload();
      if (state !== 'sent') throw new Error(`${receiver.name} did not take the test message: ${status ?? state}`);
      return `${receiver.name} took the test message.`;
    });
  const remove = async ({ uuid, name }: ReceiverView): Promise<void> => {
    await call('DELETE', `receivers/${part(uuid)}`);
    say(`${name} is deleted.`);
    reload();
  };
  return (
    <Section
      title="Notifications"
      note={data && count(data.receivers.length, 'receiver')}
      actions={
        <button type="button" onClick={() => setAdding(true)}>
          Add a receiver …
        </button>
      }
    >
      {error && <Failure error={error} />}
      {data && data.receivers.length === 0 && (
        <Empty
          command={shellLine([
            ...['mito', 'notify', 'add', 'mail', 'you@example.org'],
            ...(group === undefined ? [] : ['--group', group]),
          ])}
        >
          Nobody is told when a job ends or fails.
        </Empty>
      )}
      {data && data.receivers.length > 0 && (
        <Table
          label="Receivers"
          columns={[
            { name: 'Name', isWide: true, cell: ({ name }) => <span dir="auto">{name}</span> },
            { name: 'Kind', cell: ({ kind }) => kind },
            { name: 'To', isExtra: true, cell: ({ target }) => <span dir="auto">{target}</span> },
            {
              name: 'Of all jobs',
              isExtra: true,
              cell: ({ on }) => (on.length === 0 ? 'only those that ask for it' : on.join(', ')),
            },
            {
              name: 'State',
              cell: ({ is_paused: isPaused, trouble, waiting }) => (
                <span dir="auto">
                  {isPaused ? 'paused' : (trouble ?? 'works')}
                  {waiting > 0 && `, ${waiting} waiting`}
                </span>
              ),
            },
            {
              name: 'Do',
              cell: (receiver) => (
                <span class="actions">
                  <button
                    type="button"
                    class="small"
                    aria-label={`Test ${receiver.name}`}
                    onClick={() => test(receiver)}
                  >
                    Test
                  </button>
                  <button
                    type="button"
                    class="small"
                    aria-label={`${receiver.is_paused ? 'Resume' : 'Pause'} ${receiver.name}`}
                    onClick={() => pause(receiver, !receiver.is_paused)}
                  >
                    {receiver.is_paused ? 'Resume' : 'Pause'}
                  </button>
                  <button
                    type="button"
                    class="small danger"
                    aria-label={`Delete ${receiver.name}`}
                    onClick={() => setRemoving(receiver)}
                  >
                    Delete …
                  </button>
                </span>
              ),
            },
          ]}
          rows={data.receivers}
          keyOf={({ uuid }) => uuid}
        />
      )}
      {isAdding && <AddReceiver group={group} onClose={() => setAdding(false)} onDone={reload} />}
      {removing && (
        <Confirm
          title={`Delete ${removing.name}?`}
          action="Delete the receiver"
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(undefined)}
        >
          Messages that still wait for it are deleted, too.
        </Confirm>
      )}
    </Section>
  );
}

function AddReceiver({
  group,
  onClose,
  onDone,
}: {
  readonly group: string | undefined;
  onClose(): void;
  onDone(): void;
}) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState('webhook');
  const [target, setTarget] = useState('');
  const [on, setOn] = useState('failed');
  const [created, setCreated] = useState<CreatedReceiver>();
  const create = async (): Promise<void> => {
    const events = on.trim() === '' ? {} : parseNoticeEvents([on], 'on');
    const body = { name, kind, target, ...events, ...(group !== undefined && { group }) };
    const made = await call<CreatedReceiver>('POST', 'receivers', { body });
    onDone();
    if (made.key !== null) return setCreated(made);
    say(`${made.name} is added.`);
    onClose();
  };
  return (
    <Dialog title="Add a receiver" onClose={onClose}>
      {created === undefined ? (
        <Form action="Add" onSubmit={create} fields={['name', 'target', 'on']}>
          {(errorOf) => (
            <>
              <Field
                label="Name"
                name="name"
                value={name}
                onValue={setName}
                error={errorOf('name')}
                isRequired
                isFirst
              />
              <Field label="Kind" name="kind" value={kind} onValue={setKind} choices={KINDS} />
              <Field
                label="To"
                name="target"
                value={target}
                onValue={setTarget}
                error={errorOf('target')}
                hint="a URL, a mail address, or the name of a command of the coordinator"
                isRequired
              />
              <Field
                label="Of all jobs"
                name="on"
                value={on}
                onValue={setOn}
                error={errorOf('on')}
                hint="failed, ended, started, stuck=30m; empty: only jobs that ask for it"
              />
            </>
          )}
        </Form>
      ) : (
        <>
          <p>Messages are signed with this key. It is shown only here.</p>
          <CopyLine label="The key" isCommand={false} text={created.key ?? ''} />
        </>
      )}
    </Dialog>
  );
}
