import { render, type ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { startLive } from './app/live.js';
import { route, startRouter, type Route } from './app/router.js';
import { loadSession, session, watchSession } from './app/session.js';
import { Entrance, Shell } from './app/shell.js';
import { useStore } from './app/store.js';
import { Failure } from './parts/notices.js';
import { Loading, Page } from './parts/page.js';
import './style/page.css';

type PageComponent = ComponentType<{ readonly route: Route }>;

/** The pages by the first part of the address; each is loaded when it is looked at. */
const PAGES: Readonly<Record<string, () => Promise<{ readonly default: PageComponent }>>> = {
  '': () => import('./pages/home.js'),
  tasks: () => import('./pages/tasks.js'),
  task: () => import('./pages/task.js'),
  jobs: () => import('./pages/jobs.js'),
  job: () => import('./pages/job.js'),
  submit: () => import('./pages/submit.js'),
  workers: () => import('./pages/workers.js'),
  worker: () => import('./pages/worker.js'),
  groups: () => import('./pages/groups.js'),
  group: () => import('./pages/group.js'),
  account: () => import('./pages/account.js'),
  admin: () => import('./pages/admin.js'),
};

/** Pages about one thing, whose name is the second part of the address. */
const NAMED = new Set(['task', 'job', 'worker', 'group']);

const loaded = new Map<string, PageComponent>();

function usePage(name: string): { readonly Component?: PageComponent; readonly error?: unknown } {
  const [state, setState] = useState<{ name: string; error?: unknown }>({ name: '' });
  useEffect(() => {
    const load = PAGES[name];
    if (load === undefined || loaded.has(name)) return setState({ name });
    load().then(
      (module) => {
        loaded.set(name, module.default);
        setState({ name });
      },
      (error: unknown) => setState({ name, error }),
    );
  }, [name]);
  const Component = loaded.get(name);
  if (Component) return { Component };
  return state.name === name && 'error' in state ? { error: state.error } : {};
}

function Content() {
  const here = useStore(route);
  const name = here.path[0] ?? '';
  const { Component, error } = usePage(name);
  const isWhole = !NAMED.has(name) || here.path.length > 1;
  if (!Object.hasOwn(PAGES, name) || !isWhole)
    return (
      <Page title="There is no such page">
        <p>
          The address may be of another version. <a href="#/">Go to the first page.</a>
        </p>
      </Page>
    );
  // A new version was installed under an open page: its parts have new names.
  if (error !== undefined)
    return <Failure error={new Error('This part of the page could not be loaded. Reload the page.')} />;
  return Component ? <Component route={here} /> : <Loading what="the page" />;
}

function App() {
  const current = useStore(session);
  const isInside = current.state === 'in' || current.state === 'ended';
  useEffect(() => void (isInside && startOnce()), [isInside]);
  if (!isInside) return <Entrance current={current} />;
  return (
    <Shell>
      <Content />
    </Shell>
  );
}

let isLive = false;
function startOnce(): void {
  if (!isLive) startLive();
  isLive = true;
}

const root = document.getElementById('page');
if (root) {
  startRouter();
  watchSession();
  void loadSession();
  render(<App />, root);
}
