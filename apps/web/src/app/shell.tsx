import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../api/call.js';
import { CopyLine } from '../parts/copy-line.js';
import { Dialog } from '../parts/dialog.js';
import { Field, Form } from '../parts/form.js';
import { attempt, Notices } from '../parts/notices.js';
import { useKeys } from './keys.js';
import { connection } from './live.js';
import { go, href, route } from './router.js';
import { groupsFor, session, signIn, signOut, type SessionState } from './session.js';
import { useStore } from './store.js';

interface Place {
  readonly path: string;
  readonly name: string;
  /** Pressed after `g`. */
  readonly key: string;
  /** For whom it is; for everybody when absent. */
  readonly isFor?: (current: SessionState) => boolean;
}

const PLACES: readonly Place[] = [
  { path: '', name: 'Home', key: 'h' },
  { path: 'tasks', name: 'Tasks', key: 't' },
  { path: 'jobs', name: 'Jobs', key: 'j' },
  { path: 'submit', name: 'Submit', key: 's', isFor: (current) => groupsFor(current, 'task.submit').length > 0 },
  { path: 'workers', name: 'Workers', key: 'w' },
  { path: 'groups', name: 'Groups', key: 'g' },
  { path: 'account', name: 'Account', key: 'a' },
  {
    path: 'admin',
    name: 'Administration',
    key: 'd',
    isFor: (current) => 'user' in current && current.user.is_admin,
  },
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
  const places = PLACES.filter(({ isFor }) => isFor === undefined || isFor(current));
  useShellKeys(places, () => setHelp(true));
  const here = path[0] ?? '';
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the names of the pages are wider than it.
  useEffect(() => nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' }), [here]);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), focusContent())}>
        Skip to the content
      </a>
      <header class="top">
        <Brand />
        <nav aria-label="Pages" ref={nav}>
          {places.map((place) => (
            <a key={place.path} href={href([place.path])} aria-current={currentOf(place, here)}>
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
      {isHelp && <Help places={places} onClose={() => setHelp(false)} />}
      <Notices />
    </>
  );
}

/** One of a list is below it: `task` below `tasks`. */
function currentOf({ path }: Place, here: string): 'page' | 'true' | undefined {
  if (here === path) return 'page';
  return here !== '' && `${here}s` === path ? 'true' : undefined;
}

function focusContent(): void {
  document.getElementById('content')?.focus();
}

function useShellKeys(offered: readonly Place[], onHelp: () => void): void {
  const [isGoing, setGoing] = useState(false);
  const places = offered.map(({ key, path }) => [
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

function Help({ places, onClose }: { readonly places: readonly Place[]; onClose(): void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {[
          ['/', 'search'],
          ['j k', 'next, previous row'],
          ['x', 'select the row'],
          ['enter', 'open the row'],
          ['?', 'this help'],
          ...places.map(({ key, name }) => [`g ${key}`, `go to ${name}`]),
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
      <p>Sign in again to continue. What is on this page stays.</p>
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
            <CopyLine text="mito login" />
          </>
        )}
        {current.state === 'unknown' && <p role="status">Asking the coordinator …</p>}
        {current.state === 'away' && <p role="alert">{messageOf(new Error(current.message))}</p>}
      </main>
    </div>
  );
}
