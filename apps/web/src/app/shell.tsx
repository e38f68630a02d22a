import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { messageOf } from '../api/call.js';
import { CopyLine } from '../parts/copy-line.js';
import { Dialog } from '../parts/dialog.js';
import { Field, Form } from '../parts/form.js';
import { attempt, Notices } from '../parts/notices.js';
import { useKeys } from './keys.js';
import { connection } from './live.js';
import { go, href, route } from './router.js';
import { session, signIn, signOut, type SessionState } from './session.js';
import { useStore } from './store.js';

interface Place {
  readonly path: string;
  readonly name: string;
  /** Pressed after `g`. */
  readonly key: string;
  readonly isForAdministrators?: boolean;
}

const PLACES: readonly Place[] = [
  { path: '', name: 'Home', key: 'h' },
  { path: 'tasks', name: 'Tasks', key: 't' },
  { path: 'jobs', name: 'Jobs', key: 'j' },
  { path: 'submit', name: 'Submit', key: 's' },
  { path: 'workers', name: 'Workers', key: 'w' },
  { path: 'groups', name: 'Groups', key: 'g' },
  { path: 'account', name: 'Account', key: 'a' },
  { path: 'admin', name: 'Administration', key: 'd', isForAdministrators: true },
];

function Brand() {
  return (
    <a class="brand" href="#/">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <circle cx="11.5" cy="16" r="8.5" fill="none" stroke="currentColor" stroke-width="4" opacity="0.9" />
        <circle cx="20.5" cy="16" r="8.5" fill="none" stroke="var(--accent)" stroke-width="4" />
      </svg>
      Mitosis
    </a>
  );
}

/** What is around every page. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const current = useStore(session);
  const { path } = useStore(route);
  const live = useStore(connection);
  const [isHelp, setHelp] = useState(false);
  useShellKeys(() => setHelp(true));
  const isAdmin = 'user' in current && current.user.is_admin;
  const here = path[0] ?? '';
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), focusContent())}>
        Skip to the content
      </a>
      <header class="top">
        <Brand />
        <nav aria-label="Pages">
          {PLACES.filter(({ isForAdministrators }) => isAdmin || isForAdministrators !== true).map((place) => (
            <a key={place.path} href={href([place.path])} aria-current={here === place.path ? 'page' : undefined}>
              {place.name}
            </a>
          ))}
        </nav>
        <div class="who">
          {'user' in current && (
            <span class="who-name" title={current.user.username}>
              {current.user.username}
            </span>
          )}
          <button type="button" class="small" onClick={() => void attempt(signOut)}>
            Sign out
          </button>
        </div>
      </header>
      {live === 'connecting' && current.state === 'in' && (
        <div class="banner" role="status">
          Connecting to the coordinator for live changes …
        </div>
      )}
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      {current.state === 'ended' && <SignInAgain username={current.user.username} />}
      {isHelp && <Help onClose={() => setHelp(false)} />}
      <Notices />
    </>
  );
}

function focusContent(): void {
  document.getElementById('content')?.focus();
}

function useShellKeys(onHelp: () => void): void {
  const [isGoing, setGoing] = useState(false);
  const places = PLACES.map(({ key, path }) => [
    key,
    () => {
      setGoing(false);
      go([path].filter((part) => part !== ''));
    },
  ]);
  useKeys({
    '?': onHelp,
    '/': () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus(),
    g: () => setGoing(true),
    ...(isGoing ? (Object.fromEntries(places) as Record<string, () => void>) : {}),
  });
}

function Help({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {[
          ['/', 'search'],
          ['j k', 'next, previous row'],
          ['x', 'select the row'],
          ['enter', 'open the row'],
          ['?', 'this help'],
          ...PLACES.map(({ key, name }) => [`g ${key}`, `go to ${name}`]),
        ].map(([key = '', text]) => (
          <>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  );
}

function Credentials({ username: known }: { readonly username?: string }) {
  const [username, setUsername] = useState(known ?? '');
  const [password, setPassword] = useState('');
  return (
    <Form action="Sign in" onSubmit={() => signIn(username, password)}>
      {() => (
        <>
          <Field
            label="User"
            name="username"
            value={username}
            onValue={setUsername}
            autocomplete="username"
            isRequired
            isFirst={known === undefined}
          />
          <Field
            label="Password"
            name="password"
            type="password"
            value={password}
            onValue={setPassword}
            autocomplete="current-password"
            isRequired
            isFirst={known !== undefined}
          />
        </>
      )}
    </Form>
  );
}

/** Over the page, which keeps what was typed. */
function SignInAgain({ username }: { readonly username: string }) {
  return (
    <Dialog title="Your login has ended" onClose={() => session.set({ state: 'out' })}>
      <p>Sign in again to go on. What is on this page stays.</p>
      <Credentials username={username} />
    </Dialog>
  );
}

/** Before somebody is signed in. */
export function Entrance({ current }: { readonly current: SessionState }) {
  return (
    <div class="sign-in">
      <main>
        <Brand />
        {current.state === 'out' && (
          <>
            <h1>Sign in</h1>
            <Credentials />
            <CopyLine text="mito client login" />
          </>
        )}
        {current.state === 'unknown' && <p role="status">Asking the coordinator …</p>}
        {current.state === 'away' && <p role="alert">{messageOf(new Error(current.message))}</p>}
      </main>
    </div>
  );
}
