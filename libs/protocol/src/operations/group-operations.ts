import { CreateGroup, GroupPage, GroupQuery, GroupView, MemberList, UpdateGroup, UpdateMembers, UpdateQuotas } from '../groups.js';
import type { Operation } from './operation.js';

export const GROUP_OPERATIONS: readonly Operation[] = [
  { id: 'groups.query', method: 'GET', path: '/groups', summary: 'List your groups; for administrators, all of them', access: 'user', query: GroupQuery, answer: GroupPage },
  { id: 'groups.create', method: 'POST', path: '/groups', summary: 'Create a group, of which you are admin', access: 'group.create', request: CreateGroup, answer: GroupView, status: 201 },
  { id: 'groups.get', method: 'GET', path: '/groups/:name', summary: 'Show a group', access: 'group.read', answer: GroupView },
  { id: 'groups.update', method: 'PATCH', path: '/groups/:name', summary: 'Lock or unlock a group', access: 'group.manage', request: UpdateGroup, answer: GroupView },
  { id: 'groups.delete', method: 'DELETE', path: '/groups/:name', summary: 'Delete a group that has no open tasks', access: 'group.manage' },
  { id: 'groups.quotas', method: 'PUT', path: '/groups/:name/quotas', summary: 'Set or change the quotas of a group', access: 'quota.manage', request: UpdateQuotas, answer: GroupView },
  { id: 'groups.members', method: 'GET', path: '/groups/:name/members', summary: 'List the members of a group', access: 'group.manage', answer: MemberList },
  { id: 'groups.update-members', method: 'PUT', path: '/groups/:name/members', summary: 'Add members or change their roles', access: 'group.manage', request: UpdateMembers, answer: MemberList },
  { id: 'groups.remove-member', method: 'DELETE', path: '/groups/:name/members/:username', summary: 'Remove a member', access: 'group.manage' },
];
