import type { Role } from '@mitosis/domain';
import {
  operations,
  type AuditPage,
  type AuditQuery,
  type CreatedEnrolment,
  type CreatedToken,
  type CreateEnrolmentInput,
  type CreateTokenInput,
  type CreateUserInput,
  type EnrolmentView,
  type GroupPage,
  type GroupView,
  type MemberList,
  type Session,
  type TokenView,
  type UpdateLimits,
  type UpdateQuotas,
  type UpdateUser,
  type UserPage,
  type UserView,
  type WorkerPage,
  type WorkerView,
} from '@mitosis/protocol';
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

const { account, enrolments, groups, tokens, users, workers } = operations;

/** Users, groups, workers, tokens and the audit log: who may do what. All methods throw {@link MitoError}. */
export class AccessClient {
  constructor(private readonly transport: Transport) {}

  /** Ends every login of the user, this one too, and returns a new one. */
  async changePassword(current: string, next: string): Promise<Session> {
    const body = { current_password: current, new_password: next };
    return this.transport.call(account.changePassword, { body, isRepeatable: false });
  }

  async tokens(): Promise<TokenView[]> {
    return (await this.transport.call(tokens.list)).tokens;
  }

  /** The answer is the only place where the token is shown. */
  async createToken(token: CreateTokenInput): Promise<CreatedToken> {
    return this.transport.call(tokens.create, { body: token });
  }

  async revokeToken(name: string): Promise<void> {
    await this.transport.call(tokens.revoke, { params: { name } });
  }

  async users(options: PageOptions & { readonly state?: string | undefined } = {}): Promise<UserPage> {
    return this.transport.call(users.query, { query: options });
  }

  async user(username: string): Promise<UserView> {
    return this.transport.call(users.get, { params: { username } });
  }

  async createUser(user: CreateUserInput): Promise<UserView> {
    return this.transport.call(users.create, { body: user });
  }

  async updateUser(username: string, change: UpdateUser): Promise<UserView> {
    return this.transport.call(users.update, { params: { username }, body: change });
  }

  /** Ends every login and API token of the user. */
  async resetPassword(username: string, password: string): Promise<void> {
    await this.transport.call(users.resetPassword, { params: { username }, body: { password } });
  }

  async deleteUser(username: string): Promise<void> {
    await this.transport.call(users.delete, { params: { username } });
  }

  /** Those of the caller; for site administrators all. */
  async groups(options: PageOptions = {}): Promise<GroupPage> {
    return this.transport.call(groups.query, { query: options });
  }

  async group(name: string): Promise<GroupView> {
    return this.transport.call(groups.get, { params: { name } });
  }

  async createGroup(name: string): Promise<GroupView> {
    return this.transport.call(groups.create, { body: { name } });
  }

  async setGroupState(name: string, state: 'active' | 'locked'): Promise<GroupView> {
    return this.transport.call(groups.update, { params: { name }, body: { state } });
  }

  async deleteGroup(name: string): Promise<void> {
    await this.transport.call(groups.delete, { params: { name } });
  }

  async setQuotas(name: string, quotas: UpdateQuotas): Promise<GroupView> {
    return this.transport.call(groups.quotas, { params: { name }, body: quotas, isRepeatable: false });
  }

  /** Defaults for tasks of the group, and its longest time limit; null: what the deployment says. */
  async setLimits(name: string, limits: UpdateLimits): Promise<GroupView> {
    return this.transport.call(groups.limits, { params: { name }, body: limits });
  }

  async members(name: string): Promise<MemberList['members']> {
    return (await this.transport.call(groups.members, { params: { name } })).members;
  }

  /** Adds members or changes their roles; the others stay as they are. */
  async updateMembers(name: string, members: Readonly<Record<string, Role>>): Promise<MemberList['members']> {
    return (await this.transport.call(groups.updateMembers, { params: { name }, body: { members } })).members;
  }

  async removeMember(name: string, username: string): Promise<void> {
    await this.transport.call(groups.removeMember, { params: { name, username } });
  }

  async workers(filter: WorkerFilter = {}): Promise<WorkerPage> {
    return this.transport.call(workers.query, { query: filter });
  }

  async worker(uuid: string): Promise<WorkerView> {
    return this.transport.call(workers.get, { params: { uuid } });
  }

  /** Replaces tags or labels. */
  async updateWorker(
    uuid: string,
    change: { readonly tags?: readonly string[]; readonly labels?: readonly string[] },
  ): Promise<WorkerView> {
    return this.transport.call(workers.update, { params: { uuid }, body: change });
  }

  /** Gives groups a role on a worker; the others stay as they are. */
  async updateWorkerRoles(uuid: string, roles: Readonly<Record<string, Role>>): Promise<WorkerView> {
    // No group has `write-wasm` on a worker: the coordinator refuses it with the field.
    const given = roles as Readonly<Record<string, Exclude<Role, 'write-wasm'>>>;
    return this.transport.call(workers.updateRoles, { params: { uuid }, body: { groups: given } });
  }

  async removeWorkerRole(uuid: string, group: string): Promise<void> {
    await this.transport.call(workers.removeRole, { params: { uuid, name: group } });
  }

  /** Ends the worker's credentials at once. */
  async revokeWorker(uuid: string): Promise<void> {
    await this.transport.call(workers.revoke, { params: { uuid } });
  }

  /** The answer is the only place where the code is shown. */
  async createEnrolment(enrolment: CreateEnrolmentInput): Promise<CreatedEnrolment> {
    return this.transport.call(enrolments.create, { body: enrolment });
  }

  async enrolments(): Promise<EnrolmentView[]> {
    return (await this.transport.call(enrolments.list)).enrolments;
  }

  async revokeEnrolment(uuid: string): Promise<void> {
    await this.transport.call(enrolments.revoke, { params: { uuid } });
  }

  /** Newest first; for site administrators. */
  async audit(filter: AuditFilter = {}): Promise<AuditPage> {
    return this.transport.call(operations.audit.query, { query: filter });
  }
}
