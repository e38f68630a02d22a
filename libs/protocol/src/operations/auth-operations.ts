import {
  BrowserSession,
  ChangePassword,
  CreatedToken,
  CreateToken,
  Identity,
  Login,
  Session,
  TokenList,
} from '../auth.js';
import { operation } from './operation.js';

export const authOperations = {
  auth: {
    login: operation({
      id: 'auth.login',
      method: 'POST',
      path: '/auth/login',
      summary: 'Log in',
      access: 'anyone',
      body: Login,
      response: Session,
    }),
    browserLogin: operation({
      id: 'auth.browser-login',
      method: 'POST',
      path: '/auth/browser',
      summary: 'Log a browser in: the token is set as a cookie; changes need the other cookie as X-XSRF-TOKEN',
      access: 'anyone',
      body: Login,
      response: BrowserSession,
    }),
    identity: operation({
      id: 'auth.identity',
      method: 'GET',
      path: '/auth',
      summary: 'Show who the token speaks for',
      access: 'user',
      response: Identity,
    }),
    logout: operation({
      id: 'auth.logout',
      method: 'POST',
      path: '/auth/logout',
      summary: 'End this login',
      access: 'user',
    }),
  },
  account: {
    changePassword: operation({
      id: 'account.change-password',
      method: 'PUT',
      path: '/auth/password',
      summary: 'Change your password; ends all your logins and returns a new one',
      access: 'account.manage',
      body: ChangePassword,
      response: Session,
    }),
  },
  tokens: {
    list: operation({
      id: 'tokens.list',
      method: 'GET',
      path: '/tokens',
      summary: 'List your API tokens',
      access: 'account.manage',
      response: TokenList,
    }),
    create: operation({
      id: 'tokens.create',
      method: 'POST',
      path: '/tokens',
      summary: 'Create an API token; it is shown only here',
      access: 'account.manage',
      body: CreateToken,
      response: CreatedToken,
      status: 201,
    }),
    revoke: operation({
      id: 'tokens.revoke',
      method: 'DELETE',
      path: '/tokens/:name',
      summary: 'Revoke an API token',
      access: 'account.manage',
    }),
  },
};
