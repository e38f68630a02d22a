import type { Role } from '@mitosis/domain';
import {
  AuditPage,
  CreatedEnrolment,
  CreatedToken,
  EnrolmentList,
  GroupPage,
  GroupView,
  MemberList,
  Session,
  TokenList,
  UserPage,
  UserView,
  WorkerPage,
  WorkerView,
  type AuditQuery,
  type CreateEnrolmentInput,
  type CreateTokenInput,
  type CreateUserInput,
  type EnrolmentView,
  type TokenView,
  type UpdateQuotas,
  type UpdateUser,
} from '@mitosis/protocol';
import { pathPart, queryString } from './query-string.js';
import type { Transport } from './transport.js';

export interface PageOptions {
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** The filters of `GET /workers`; lists mean "any of these roles", "all of these tags and labels". */
export interface WorkerFilter extends PageOptions {
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly role?: readonly string[] | undefined;
  readonly creator?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly all?: boolean | undefined;
}

export type AuditFilter = Partial<Omit<AuditQuery, 'action'>> & { readonly action?: readonly string[] | undefined };

const at = (...parts: readonly string[]): string => `/${parts.map(pathPart).join('/')}`;

/** Users, groups, workers, tokens and the audit log: who may do what. All methods throw {@link MitoError}. */
export class AccessClient {
  constructor(private readonly transport: Transport) {}

  /** Ends every login of the user, this one too, and answers a new one. */
  async changePassword(current: string, next: string): Promise<Session> {
    return this.transport.json('PUT', '/auth/password', Session, {
      body: { current_password: current, new_password: next },
      isRepeatable: false,
    });
  }

  async tokens(): Promise<TokenView[]> {
    return (await this.transport.json('GET', '/tokens', TokenList)).tokens;
  }

  /** The answer is the only place where the token is shown. */
  async createToken(token: CreateTokenInput): Promise<CreatedToken> {
    return this.transport.json('POST', '/tokens', CreatedToken, { body: token });
  }

  async revokeToken(name: string): Promise<void> {
    await this.transport.empty('DELETE', at('tokens', name));
  }

  async users(options: PageOptions & { readonly state?: string | undefined } = {}): Promise<UserPage> {
    return this.transport.json('GET', `/users?${queryString(options)}`, UserPage);
  }

  async user(username: string): Promise<UserView> {
    return this.transport.json('GET', at('users', username), UserView);
  }

  async createUser(user: CreateUserInput): Promise<UserView> {
    return this.transport.json('POST', '/users', UserView, { body: user });
  }

  async updateUser(username: string, change: UpdateUser): Promise<UserView> {
    return this.transport.json('PATCH', at('users', username), UserView, { body: change });
  }

  /** Ends every login and API token of the user. */
  async resetPassword(username: string, password: string): Promise<void> {
    await this.transport.empty('PUT', at('users', username, 'password'), { body: { password } });
  }

  async deleteUser(username: string): Promise<void> {
    await this.transport.empty('DELETE', at('users', username));
  }

  /** Those of the caller; for site administrators all. */
  async groups(options: PageOptions = {}): Promise<GroupPage> {
    return this.transport.json('GET', `/groups?${queryString(options)}`, GroupPage);
  }

  async group(name: string): Promise<GroupView> {
    return this.transport.json('GET', at('groups', name), GroupView);
  }

  async createGroup(name: string): Promise<GroupView> {
    return this.transport.json('POST', '/groups', GroupView, { body: { name } });
  }

  async setGroupState(name: string, state: 'active' | 'locked'): Promise<GroupView> {
    return this.transport.json('PATCH', at('groups', name), GroupView, { body: { state } });
  }

  async deleteGroup(name: string): Promise<void> {
    await this.transport.empty('DELETE', at('groups', name));
  }

  async setQuotas(name: string, quotas: UpdateQuotas): Promise<GroupView> {
    return this.transport.json('PUT', at('groups', name, 'quotas'), GroupView, { body: quotas, isRepeatable: false });
  }

  async members(name: string): Promise<MemberList['members']> {
    return (await this.transport.json('GET', at('groups', name, 'members'), MemberList)).members;
  }

  /** Adds members or changes their roles; the others stay as they are. */
  async updateMembers(name: string, members: Readonly<Record<string, Role>>): Promise<MemberList['members']> {
    return (await this.transport.json('PUT', at('groups', name, 'members'), MemberList, { body: { members } })).members;
  }

  async removeMember(name: string, username: string): Promise<void> {
    await this.transport.empty('DELETE', at('groups', name, 'members', username));
  }

  async workers(filter: WorkerFilter = {}): Promise<WorkerPage> {
    return this.transport.json('GET', `/workers?${queryString(filter)}`, WorkerPage);
  }

  async worker(uuid: string): Promise<WorkerView> {
    return this.transport.json('GET', at('workers', uuid), WorkerView);
  }

  /** Replaces tags or labels. */
  async updateWorker(
    uuid: string,
    change: { readonly tags?: readonly string[]; readonly labels?: readonly string[] },
  ): Promise<WorkerView> {
    return this.transport.json('PATCH', at('workers', uuid), WorkerView, { body: change });
  }

  /** Gives groups a role on a worker; the others stay as they are. */
  async updateWorkerRoles(uuid: string, groups: Readonly<Record<string, Role>>): Promise<WorkerView> {
    return this.transport.json('PUT', at('workers', uuid, 'groups'), WorkerView, { body: { groups } });
  }

  async removeWorkerRole(uuid: string, group: string): Promise<void> {
    await this.transport.empty('DELETE', at('workers', uuid, 'groups', group));
  }

  /** Ends the worker's credentials at once. */
  async revokeWorker(uuid: string): Promise<void> {
    await this.transport.empty('DELETE', at('workers', uuid));
  }

  /** The answer is the only place where the code is shown. */
  async createEnrolment(enrolment: CreateEnrolmentInput): Promise<CreatedEnrolment> {
    return this.transport.json('POST', '/enrolments', CreatedEnrolment, { body: enrolment });
  }

  async enrolments(): Promise<EnrolmentView[]> {
    return (await this.transport.json('GET', '/enrolments', EnrolmentList)).enrolments;
  }

  async revokeEnrolment(uuid: string): Promise<void> {
    await this.transport.empty('DELETE', at('enrolments', uuid));
  }

  /** Newest first; for site administrators. */
  async audit(filter: AuditFilter = {}): Promise<AuditPage> {
    return this.transport.json('GET', `/audit?${queryString(filter)}`, AuditPage);
  }
}
