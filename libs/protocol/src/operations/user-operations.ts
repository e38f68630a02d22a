import { AuditPage, AuditQuery } from '../audit.js';
import { CreateUser, ResetPassword, UpdateUser, UserPage, UserQuery, UserView } from '../users.js';
import type { Operation } from './operation.js';

export const USER_OPERATIONS: readonly Operation[] = [
  {
    id: 'users.query',
    method: 'GET',
    path: '/users',
    summary: 'List users',
    access: 'user.manage',
    query: UserQuery,
    answer: UserPage,
  },
  {
    id: 'users.create',
    method: 'POST',
    path: '/users',
    summary: 'Create a user with a group of the same name',
    access: 'user.manage',
    request: CreateUser,
    answer: UserView,
    status: 201,
  },
  {
    id: 'users.get',
    method: 'GET',
    path: '/users/:username',
    summary: 'Show a user',
    access: 'user.read',
    answer: UserView,
  },
  {
    id: 'users.update',
    method: 'PATCH',
    path: '/users/:username',
    summary: 'Lock or unlock a user, change quota or rights',
    access: 'user.manage',
    request: UpdateUser,
    answer: UserView,
  },
  {
    id: 'users.reset-password',
    method: 'PUT',
    path: '/users/:username/password',
    summary: "Set a user's password; ends all logins and API tokens of the user",
    access: 'user.manage',
    request: ResetPassword,
  },
  {
    id: 'users.delete',
    method: 'DELETE',
    path: '/users/:username',
    summary: 'Delete a user; what the user has made stays',
    access: 'user.manage',
  },
  {
    id: 'audit.query',
    method: 'GET',
    path: '/audit',
    summary: 'List who did what, newest first',
    access: 'audit.read',
    query: AuditQuery,
    answer: AuditPage,
  },
];
