import type { GroupPage, GroupView, Identity } from '@mitosis/protocol';
import { ApiError, call, hasLogin, refusals } from '../api/call.js';
import { Store } from './store.js';

export interface Session {
  readonly user: Identity;
  readonly groups: readonly GroupView[];
}

/** Who is signed in: `unknown` until the first answer; `ended` asks for a login over what is on the screen. */
export type SessionState =
  | { readonly state: 'unknown' | 'out' }
  | ({ readonly state: 'in' | 'ended' } & Session)
  | { readonly state: 'away'; readonly message: string };

export const session = new Store<SessionState>({ state: 'unknown' });

const RETRY_MS = 1_500;
const GROUPS = 1_000;

/** Reads who is signed in; goes on trying while the coordinator can't be reached. */
export async function loadSession(): Promise<void> {
  if (!hasLogin()) return session.set({ state: 'out' });
  try {
    const user = await call<Identity>('GET', '/auth');
    const { groups } = await call<GroupPage>('GET', `/groups?limit=${GROUPS}`);
    session.set({ state: 'in', user, groups });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return session.set({ state: 'out' });
    if (session.value.state === 'unknown' || session.value.state === 'away')
      session.set({ state: 'away', message: error instanceof Error ? error.message : String(error) });
    setTimeout(() => void loadSession(), RETRY_MS);
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  await call('POST', '/auth/browser', { body: { username, password } });
  await loadSession();
}

export async function signOut(): Promise<void> {
  await call('POST', '/auth/logout');
  session.set({ state: 'out' });
}

/** An answer said that the login is over: what is on the screen stays until somebody signs in again. */
export function watchSession(): void {
  refusals.on(() => {
    const { value } = session;
    if (value.state === 'in') session.set({ ...value, state: 'ended' });
  });
}

const WRITERS = new Set(['write', 'admin']);

/** What the person may do in a group; the server judges again. */
export function rights(
  current: SessionState,
  group: string,
): { canWrite: boolean; canManage: boolean; canCancel: boolean } {
  if (!('user' in current)) return { canWrite: false, canManage: false, canCancel: false };
  const role = current.groups.find(({ name }) => name === group)?.role ?? null;
  const isMember = role !== null && WRITERS.has(role);
  const isSiteAdmin = current.user.is_admin;
  return { canWrite: isMember, canManage: isMember || isSiteAdmin, canCancel: isMember || isSiteAdmin };
}
