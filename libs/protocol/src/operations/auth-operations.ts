import { Identity, Login, Session } from '../auth.js';
import type { Operation } from './operation.js';

export const AUTH_OPERATIONS: readonly Operation[] = [
  { id: 'auth.login', method: 'POST', path: '/auth/login', summary: 'Log in', access: 'anyone', request: Login, answer: Session },
  { id: 'auth.identity', method: 'GET', path: '/auth', summary: 'Show who the token speaks for', access: 'user', answer: Identity },
  { id: 'auth.logout', method: 'POST', path: '/auth/logout', summary: 'End this login', access: 'user' },
];
