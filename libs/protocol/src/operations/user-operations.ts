import { AuditPage, AuditQuery } from '../audit.js';
import { CreateUser, ResetPassword, UpdateUser, UserPage, UserQuery, UserView } from '../users.js';
import { operation } from './operation.js';

export const userOperations = {
  users: {
    query: operation({
      id: 'users.query',
      method: 'GET',
      path: '/users',
      summary: 'List users',
      access: 'user.manage',
      query: UserQuery,
      response: UserPage,
    }),
    create: operation({
      id: 'users.create',
      method: 'POST',
      path: '/users',
      summary: 'Create a user with a group of the same name',
      access: 'user.manage',
      location: '/users/:username',
      body: CreateUser,
      response: UserView,
      status: 201,
    }),
    get: operation({
      id: 'users.get',
      method: 'GET',
      path: '/users/:username',
      summary: 'Show a user',
      access: 'user.read',
      response: UserView,
    }),
    update: operation({
      id: 'users.update',
      method: 'PATCH',
      path: '/users/:username',
      summary: 'Lock or unlock a user, change quota or rights',
      access: 'user.manage',
      body: UpdateUser,
      response: UserView,
    }),
    resetPassword: operation({
      id: 'users.reset-password',
      method: 'PUT',
      path: '/users/:username/password',
      summary: "Set a user's password; ends all logins and API tokens of the user",
      access: 'user.manage',
      body: ResetPassword,
    }),
    delete: operation({
      id: 'users.delete',
      method: 'DELETE',
      path: '/users/:username',
      summary: 'Delete a user; what the user has made stays',
      access: 'user.manage',
    }),
  },
  audit: {
    query: operation({
      id: 'audit.query',
      method: 'GET',
      path: '/audit',
      summary: 'List who did what, newest first',
      access: 'audit.read',
      query: AuditQuery,
      response: AuditPage,
    }),
  },
};
