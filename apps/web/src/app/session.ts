import { isAllowed, type Access, type Actor, type GroupAction } from '@mitosis/domain';
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

/** Reads who is signed in; keeps trying while the coordinator can't be reached. */
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

/** What a group takes only while it is active. */
const ACTIVE_ONLY: ReadonlySet<Access['action']> = new Set(['task.submit', 'attachment.write', 'worker.register']);

/** The person as the rules of the coordinator see one; a group and a person stand here by their names. */
function actorOf({ user, groups }: Session): Actor {
  const roles = new Map(groups.flatMap(({ name, role }) => (role === null ? [] : [[name, role] as const])));
  return { kind: 'user', userId: user.username, isAdmin: user.is_admin, roles };
}

/** Whether to offer something, by the rules that the coordinator has; it judges again. Ids are names. */
export function may(current: SessionState, access: Access): boolean {
  if (!('user' in current)) return false;
  const isLocked =
    ACTIVE_ONLY.has(access.action) &&
    'groupId' in access &&
    current.groups.some(({ name, state }) => name === access.groupId && state !== 'active');
  return !isLocked && isAllowed(actorOf(current), access);
}

/** The groups in which the person may do that. */
export function groupsFor(current: SessionState, action: GroupAction): string[] {
  if (!('user' in current)) return [];
  return current.groups.map(({ name }) => name).filter((groupId) => may(current, { action, groupId }));
}
