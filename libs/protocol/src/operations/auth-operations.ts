import { ChangePassword, CreatedToken, CreateToken, Identity, Login, Session, TokenList } from '../auth.js';
import type { Operation } from './operation.js';

export const AUTH_OPERATIONS: readonly Operation[] = [
  {
    id: 'auth.login',
    method: 'POST',
    path: '/auth/login',
    summary: 'Log in',
    access: 'anyone',
    request: Login,
    answer: Session,
  },
  {
    id: 'auth.identity',
    method: 'GET',
    path: '/auth',
    summary: 'Show who the token speaks for',
    access: 'user',
    answer: Identity,
  },
  { id: 'auth.logout', method: 'POST', path: '/auth/logout', summary: 'End this login', access: 'user' },
  {
    id: 'account.change-password',
    method: 'PUT',
    path: '/auth/password',
    summary: 'Change your password; ends all your logins and answers a new one',
    access: 'account.manage',
    request: ChangePassword,
    answer: Session,
  },
  {
    id: 'tokens.list',
    method: 'GET',
    path: '/tokens',
    summary: 'List your API tokens',
    access: 'account.manage',
    answer: TokenList,
  },
  {
    id: 'tokens.create',
    method: 'POST',
    path: '/tokens',
    summary: 'Create an API token; it is shown only here',
    access: 'account.manage',
    request: CreateToken,
    answer: CreatedToken,
    status: 201,
  },
  {
    id: 'tokens.revoke',
    method: 'DELETE',
    path: '/tokens/:name',
    summary: 'Revoke an API token',
    access: 'account.manage',
  },
];
