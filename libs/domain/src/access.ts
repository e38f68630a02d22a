import { roleCovers, smallerRole, type Role } from './roles.js';
import type { TokenScope } from './scopes.js';

export interface UserActorFacts {
  readonly kind: 'user';
  readonly userId: string;
  readonly isAdmin: boolean;
  /** Keyed by group id, those of this very moment. */
  readonly roles: ReadonlyMap<string, Role>;
  /** Of the API token; undefined for a login, which may do whatever the person may. */
  readonly scope?: TokenScope | undefined;
}

/** Who asks. A worker's roles are those of the groups on it. */
export type Actor =
  UserActorFacts | { readonly kind: 'worker'; readonly workerId: string; readonly roles: ReadonlyMap<string, Role> };

export type GroupAction =
  | 'task.read'
  | 'task.submit'
  | 'task.manage'
  /**
   * Going into a running task: its terminal, commands beside it, its folders and ports. A command there acts in the
   * name of the group, so it takes the role with which one may submit and cancel the group's tasks.
   */
  | 'task.attach'
  /** Sandboxed programs: seeing them, storing one, and submitting tasks that run one. */
  | 'program.read'
  | 'program.upload'
  | 'program.submit'
  | 'worker.register'
  /**
   * Giving the group a role on a worker with which that runs the group's tasks, and taking the group off any worker.
   */
  | 'worker.lend'
  | 'worker.evict'
  | 'group.read'
  | 'group.manage'
  | 'attachment.read'
  | 'attachment.write'
  | 'attachment.delete'
  | 'task.run';
export type WorkerAction = 'worker.read' | 'worker.manage';
/** On the whole deployment: for site administrators, except the first two, which are for everybody. */
export type SiteAction =
  | 'group.create'
  /** Seeing and revoking enrolment codes of one's own. */
  | 'enrolment.manage'
  | 'user.manage'
  | 'quota.manage'
  | 'audit.read'
  | 'queue.manage'
  | 'metrics.read'
  | 'storage.check';

/** What is asked, with the object it concerns. */
export type Access =
  | { readonly action: GroupAction; readonly groupId: string }
  /** `groups`: the roles of groups on that worker. */
  | { readonly action: WorkerAction; readonly groups: ReadonlyMap<string, Role> }
  /** `creatorId`: of the task, the job, the workload or the program. */
  | { readonly action: 'task.cancel' | 'program.delete'; readonly groupId: string; readonly creatorId: string }
  | { readonly action: SiteAction }
  | { readonly action: 'user.read' | 'account.manage'; readonly userId: string };

const NEEDED: Readonly<Record<GroupAction | WorkerAction, Role>> = {
  'task.read': 'read',
  'task.submit': 'write',
  'task.manage': 'write',
  'task.attach': 'write',
  'program.read': 'read',
  'program.upload': 'write-wasm',
  'program.submit': 'write-wasm',
  'worker.register': 'write',
  'worker.lend': 'write',
  'worker.evict': 'admin',
  'group.read': 'read',
  'group.manage': 'admin',
  'attachment.read': 'read',
  'attachment.write': 'write',
  'attachment.delete': 'write',
  'task.run': 'write',
  'worker.read': 'read',
  'worker.manage': 'admin',
};

/** The role in a group that an action needs there. */
export function roleNeeded(action: GroupAction): Role {
  return NEEDED[action];
}

/** Whoever may submit anything may end what they have submitted, and delete the programs that they have stored. */
const END_OWN: Role = 'write-wasm';

/** What site administrators may do in groups of which they are not members: all but act in the group's name. */
const OVERSIGHT: ReadonlySet<Access['action']> = new Set<Access['action']>([
  'task.read',
  'task.manage',
  'task.cancel',
  'program.read',
  'program.delete',
  'group.read',
  'group.manage',
  'attachment.read',
  'attachment.delete',
  'worker.read',
  'worker.manage',
  'worker.lend',
  'worker.evict',
]);

const READING: readonly Access['action'][] = [
  'task.read',
  'program.read',
  'group.read',
  'worker.read',
  'user.read',
  'metrics.read',
  'attachment.read',
];
const IN_SCOPE: Readonly<Record<Exclude<TokenScope, 'full'>, ReadonlySet<Access['action']>>> = {
  read: new Set(READING),
  submit: new Set([
    ...READING,
    'task.submit',
    'task.manage',
    'task.cancel',
    'task.attach',
    'program.upload',
    'program.submit',
    'program.delete',
    'attachment.write',
    'attachment.delete',
  ]),
  workers: new Set([...READING, 'worker.register', 'worker.manage', 'worker.lend', 'worker.evict', 'enrolment.manage']),
};

/**
 * Whether a token of this scope may be used for what is asked at all; a login (no scope) may be used for everything.
 */
export function isInScope(scope: TokenScope | undefined, action: Access['action']): boolean {
  if (scope === undefined) return true;
  if (action === 'account.manage') return false;
  return scope === 'full' || IN_SCOPE[scope].has(action);
}

/** On a worker counts, for each group, the smaller of the person's role in it and its role on the worker. */
function roleOnWorker(person: ReadonlyMap<string, Role>, groups: ReadonlyMap<string, Role>, needed: Role): boolean {
  return [...groups].some(([groupId, role]) => roleCovers(smallerRole(person.get(groupId), role), needed));
}

function isUserAllowed(actor: UserActorFacts, access: Access): boolean {
  if (!isInScope(actor.scope, access.action)) return false;
  if (actor.isAdmin && OVERSIGHT.has(access.action)) return true;
  switch (access.action) {
    case 'task.run':
      return false;
    case 'group.create':
    case 'enrolment.manage':
      return true;
    case 'user.manage':
    case 'quota.manage':
    case 'audit.read':
    case 'queue.manage':
    case 'metrics.read':
    case 'storage.check':
      return actor.isAdmin;
    case 'user.read':
      return actor.isAdmin || actor.userId === access.userId;
    case 'account.manage':
      return actor.userId === access.userId;
    case 'worker.read':
    case 'worker.manage':
      return roleOnWorker(actor.roles, access.groups, NEEDED[access.action]);
    case 'task.cancel':
    case 'program.delete':
      return roleCovers(
        actor.roles.get(access.groupId),
        actor.userId === access.creatorId ? END_OWN : NEEDED['task.manage'],
      );
    default:
      return roleCovers(actor.roles.get(access.groupId), NEEDED[access.action]);
  }
}

/**
 * The one place that decides who may do what. Site administrators see and manage everything, but
 * submit and register workers only where they are members: a task runs in the name of the group.
 */
export function isAllowed(actor: Actor, access: Access): boolean {
  if (actor.kind === 'user') return isUserAllowed(actor, access);
  return access.action === 'task.run' && roleCovers(actor.roles.get(access.groupId), 'write');
}
