import { Store } from './store.js';

/** Where the page is. The address after `#`, so that the paths stay those of the API, whatever prefix a proxy adds. */
export interface Route {
  /** Decoded parts: `['tasks', '<uuid>']`. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  return {
    path: path
      .split('/')
      .filter((part) => part !== '')
      .map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** The address of a place, for links: `#/tasks?state=failed`. */
export function href(path: readonly string[], query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
  return `#/${path.map(encodeURIComponent).join('/')}${search}`;
}

export const route = new Store<Route>({ path: [], query: {} });

export function go(path: readonly string[], query: Query = {}): void {
  location.hash = href(path, query);
}

/** Changes what the present place is filtered by, without a step in the history for each letter. */
export function setQuery(query: Query, { replace = false } = {}): void {
  const address = href(route.value.path, query);
  if (!replace) return void (location.hash = address);
  history.replaceState(null, '', address);
  route.set(parseRoute(location.hash));
}

export function startRouter(): void {
  const read = (): void => route.set(parseRoute(location.hash));
  window.addEventListener('hashchange', read);
  read();
}
