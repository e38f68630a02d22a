import { useState } from 'preact/hooks';
import type { CreatedToken, TokenView } from '@mitosis/protocol';
import { call, part } from '../api/call.js';
import { useApi } from '../api/use-api.js';
import { count } from '../app/format.js';
import { CopyLine } from '../parts/copy-line.js';
import { Confirm, Dialog } from '../parts/dialog.js';
import { Empty } from '../parts/empty.js';
import { Field, Form } from '../parts/form.js';
import { Failure, say } from '../parts/notices.js';
import { Page, Section } from '../parts/page.js';
import { Receivers } from '../parts/receivers.js';
import { Table } from '../parts/table.js';
import { Ago } from '../parts/time.js';

const SCOPES = ['read', 'submit', 'workers', 'full'];

export default function AccountPage() {
  return (
    <Page title="Account" command="mito auth">
      <Receivers />
      <Tokens />
      <Password />
    </Page>
  );
}

function Tokens() {
  const { data, error, reload } = useApi<{ tokens: TokenView[] }>('tokens');
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<string>();
  const revoke = async (name: string): Promise<void> => {
    await call('DELETE', `tokens/${part(name)}`);
    say(`The token ${name} is revoked.`);
    reload();
  };
  return (
    <Section
      title="API tokens"
      note={data && count(data.tokens.length, 'token')}
      actions={
        <button type="button" onClick={() => setCreating(true)}>
          Create a token …
        </button>
      }
    >
      {error && <Failure error={error} />}
      {data &&
        (data.tokens.length === 0 ? (
          <Empty command="mito tokens create --name my-laptop --scope submit">
            You have no tokens. Programs use them instead of a login.
          </Empty>
        ) : (
          <Table
            label="API tokens"
            columns={[
              { name: 'Name', isWide: true, cell: ({ name }) => <span dir="auto">{name}</span> },
              { name: 'Scope', cell: ({ scope }) => scope },
              { name: 'Created', isExtra: true, cell: (token) => <Ago at={token.created_at} /> },
              { name: 'Last used', cell: (token) => <Ago at={token.last_used_at} /> },
              { name: 'Expires', cell: (token) => <Ago at={token.expires_at} /> },
              {
                name: 'Do',
                cell: ({ name }) => (
                  <button
                    type="button"
                    class="small danger"
                    aria-label={`Revoke ${name}`}
                    onClick={() => setRevoking(name)}
                  >
                    Revoke …
                  </button>
                ),
              },
            ]}
            rows={data.tokens}
            keyOf={({ uuid }) => uuid}
          />
        ))}
      {isCreating && <CreateToken onClose={() => setCreating(false)} onDone={reload} />}
      {revoking !== undefined && (
        <Confirm
          title={`Revoke ${revoking}?`}
          action="Revoke the token"
          onConfirm={() => revoke(revoking)}
          onClose={() => setRevoking(undefined)}
        >
          Programs that use it are refused from now on.
        </Confirm>
      )}
    </Section>
  );
}

function CreateToken({ onClose, onDone }: { onClose(): void; onDone(): void }) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState('submit');
  const [days, setDays] = useState('30');
  const [created, setCreated] = useState<CreatedToken>();
  const create = async (): Promise<void> => {
    const body = { name, scope, expires_in_ms: Math.round(Number(days) * 86_400_000) };
    setCreated(await call<CreatedToken>('POST', 'tokens', { body }));
    onDone();
  };
  return (
    <Dialog title="Create a token" onClose={onClose}>
      {created === undefined ? (
        <Form action="Create" onSubmit={create} fields={['name', 'expires_in_ms']}>
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
              <Field label="Scope" name="scope" value={scope} onValue={setScope} choices={SCOPES} />
              <Field
                label="Days"
                name="days"
                value={days}
                onValue={setDays}
                error={errorOf('expires_in_ms')}
                hint="1 to 365"
                isRequired
              />
            </>
          )}
        </Form>
      ) : (
        <>
          <p>The token is shown only here.</p>
          <CopyLine label="The token" text={`export MITO_TOKEN=${created.token}`} />
        </>
      )}
    </Dialog>
  );
}

function Password() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = async (): Promise<void> => {
    await call('PUT', 'auth/password', { body: { current_password: current, new_password: next } });
    setCurrent('');
    setNext('');
    say('The password is changed. Your other logins have ended.');
  };
  return (
    <Section title="Password">
      <Form action="Change the password" onSubmit={change} fields={['new_password']}>
        {(errorOf) => (
          <>
            <Field
              label="Current password"
              name="current"
              type="password"
              value={current}
              onValue={setCurrent}
              autocomplete="current-password"
              isRequired
            />
            <Field
              label="New password"
              name="new"
              type="password"
              value={next}
              onValue={setNext}
              autocomplete="new-password"
              error={errorOf('new_password')}
              hint="at least 8 characters"
              isRequired
            />
          </>
        )}
      </Form>
    </Section>
  );
}
