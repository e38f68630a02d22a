import { formatBytes, formatDuration } from '@mitosis/domain';
import type {
  AuditView,
  EnrolmentView,
  GroupView,
  MemberList,
  TokenView,
  UserView,
  WorkerView,
} from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { enforcesFacts, offerFacts } from './describe-offer.js';
import { formatTime, timeCell } from './format-time.js';
import type { Paint } from './paint.js';
import { harmless } from './say.js';

function describe(facts: readonly (readonly [string, string])[], paint: Paint): string {
  const shown = facts.filter(([, value]) => value !== '');
  const width = Math.max(...shown.map(([key]) => key.length));
  return shown.map(([key, value]) => `${paint.dim(key.padEnd(width))} ${harmless(value)}`).join('\n');
}

/** Of a limit that the group itself sets; otherwise the deployment does. */
const durationOf = (ms: number | null): string => (ms === null ? '' : formatDuration(ms));

const limitOf = (max: number | null): string => (max === null ? 'no limit' : String(max));

export function describeUser(user: UserView, paint: Paint): string {
  const { username, uuid, state, is_admin: isAdmin, group_quota: quota, created_at: created } = user;
  return describe(
    [
      ['user', username],
      ['uuid', uuid],
      ['state', state],
      ['administrator', isAdmin ? 'yes' : 'no'],
      ['group quota', String(quota)],
      ['created', formatTime(created)],
    ],
    paint,
  );
}

export function describeGroup(group: GroupView & { readonly members?: MemberList['members'] }, paint: Paint): string {
  const { storage_used_bytes: used, storage_reserved_bytes: reserved, storage_quota_bytes: quota } = group;
  return describe(
    [
      ['group', group.name],
      ['uuid', group.uuid],
      ['creator', group.creator],
      ['state', group.state],
      ['your role', group.role ?? ''],
      ['queued tasks', limitOf(group.queued_tasks_max)],
      ['running tasks', limitOf(group.running_tasks_max)],
      ['time limit', durationOf(group.timeout_default_ms)],
      ['longest time limit', durationOf(group.timeout_max_ms)],
      ['retries', group.retries_default === null ? '' : String(group.retries_default)],
      ['retry delay', durationOf(group.retry_delay_default_ms)],
      ['cores', group.cpus_default === null ? '' : `${group.cpus_default} for tasks that ask for none`],
      [
        'memory',
        group.mem_default_bytes === null ? '' : `${formatBytes(group.mem_default_bytes)} for tasks that ask for none`,
      ],
      [
        'storage',
        `${formatBytes(used)} of ${formatBytes(quota)}${reserved > 0 ? `, ${formatBytes(reserved)} on their way` : ''}`,
      ],
      ['created', formatTime(group.created_at)],
      ...(group.members ?? []).map(
        ({ username, role, state }) =>
          ['member', `${username}:${role}${state === 'active' ? '' : ` (${state})`}`] as const,
      ),
    ],
    paint,
  );
}

function stateOf({ state, is_alive: isAlive, wanted, trouble }: WorkerView): string {
  if (state === 'gone') return 'gone';
  if (!isAlive) return 'silent';
  if (trouble !== null) return "can't work";
  return wanted === 'run' ? 'alive' : wanted === 'drain' ? 'draining' : 'stopping';
}

/** Why a worker can't work, and for how long. */
export function troubleOf({ trouble, trouble_since: since }: WorkerView, now = Date.now()): string {
  if (trouble === null || since === null) return '';
  return `for ${formatDuration(Math.max(Math.round((now - Date.parse(since)) / 1000), 0) * 1000)}: ${trouble}`;
}

const rolesOf = ({ groups }: WorkerView): string =>
  Object.entries(groups)
    .map(([name, role]) => `${name}:${role}`)
    .join(', ');

function takesOf({ tags, takes }: WorkerView): string {
  if (takes === 'any' || (takes === null && tags.length === 0))
    return 'any task of its groups, whatever tags it asks for';
  return tags.length === 0 ? 'tasks that ask for no tags' : 'tasks whose tags it has';
}

export function describeWorker(worker: WorkerView, paint: Paint): string {
  return describe(
    [
      ['uuid', worker.uuid],
      ['state', stateOf(worker)],
      ["can't work", troubleOf(worker)],
      ['creator', worker.creator],
      ['host', worker.hostname],
      ['version', worker.version],
      ['slots', `${worker.running} of ${worker.slots} in use`],
      ...(worker.offer ? offerFacts(worker.offer) : []),
      ...(worker.enforces ? enforcesFacts(worker.enforces) : []),
      ['tags', worker.tags.join(', ')],
      ['takes', takesOf(worker)],
      ['labels', worker.labels.join(', ')],
      ['groups', rolesOf(worker)],
      ['registered', formatTime(worker.registered_at)],
      ['last seen', formatTime(worker.last_seen_at)],
    ],
    paint,
  );
}

export const USER_LISTING: Listing<UserView> = {
  head: ['USER', 'STATE', 'ADMIN', 'GROUPS', 'CREATED'],
  row: (user) => [
    user.username,
    user.state,
    user.is_admin ? 'yes' : '',
    String(user.group_quota),
    timeCell(user.created_at),
  ],
  empty: 'no users found',
};

export const GROUP_LISTING: Listing<GroupView> = {
  head: ['GROUP', 'ROLE', 'STATE', 'CREATOR', 'STORAGE', 'CREATED'],
  row: (group) => [
    group.name,
    group.role ?? '',
    group.state,
    group.creator,
    formatBytes(group.storage_used_bytes),
    timeCell(group.created_at),
  ],
  empty: 'no groups found',
};

export const MEMBER_LISTING: Listing<MemberList['members'][number]> = {
  head: ['USER', 'ROLE', 'STATE'],
  row: (member) => [member.username, member.role, member.state],
};

export const WORKER_LISTING: Listing<WorkerView> = {
  head: ['UUID', 'NAME', 'STATE', 'HOST', 'VERSION', 'BY', 'SLOTS', 'TAGS', 'GROUPS', 'LAST SEEN'],
  row: (worker) => [
    worker.uuid,
    worker.name,
    stateOf(worker),
    worker.hostname,
    worker.version,
    worker.connection,
    `${worker.running}/${worker.slots}`,
    worker.tags.join(', '),
    rolesOf(worker),
    timeCell(worker.last_seen_at),
  ],
  empty: 'no workers found',
};

export const TOKEN_LISTING: Listing<TokenView> = {
  head: ['NAME', 'SCOPE', 'EXPIRES', 'LAST USED'],
  row: (token) => [
    token.name,
    token.scope,
    timeCell(token.expires_at),
    token.last_used_at === null ? 'never' : timeCell(token.last_used_at),
  ],
  empty: 'no tokens; create one with "mito tokens create"',
};

export const ENROLMENT_LISTING: Listing<EnrolmentView> = {
  head: ['UUID', 'GROUPS', 'TAGS', 'USES', 'EXPIRES'],
  row: (code) => [
    code.uuid,
    code.groups.join(', '),
    code.tags.join(', '),
    `${code.uses}/${code.uses_max}`,
    timeCell(code.expires_at),
  ],
  empty: 'no codes that can still be used',
};

export const AUDIT_LISTING: Listing<AuditView> = {
  head: ['ID', 'WHEN', 'WHO', 'WHAT', 'OUTCOME', 'OBJECT', 'FROM'],
  row: (entry) => [
    entry.id,
    timeCell(entry.at),
    entry.actor || entry.actor_kind,
    entry.action,
    entry.outcome,
    entry.object,
    entry.address,
  ],
  empty: 'no entries found',
};
