import { MitosisClient, WorkerClient, registerWorker } from '@mitosis/client';
import { randomUUID } from 'node:crypto';
import { type CoordinatorFixture, connectWorker } from './coordinator-fixture.js';

/** The kinds of callers of the matrix, in the order of its columns. */
export const CALLERS = [
  'anonymous',
  'no group',
  'read',
  'write',
  'admin',
  'admin of another group',
  'site admin',
  'locked',
  'expired',
  'worker of the task',
  'worker of another group',
  'revoked worker',
] as const;
export type CallerKind = (typeof CALLERS)[number];

export interface Caller {
  readonly kind: CallerKind;
  token: string;
  /** Logs in anew; undefined for those who can't. */
  login?(): Promise<string>;
}

const PASSWORD = 'correct horse battery staple';

/** People and workers around one group `lab`, and what belongs to it. */
export class AccessScene {
  readonly callers: Caller[] = [];
  task = '';
  job = '';
  worker = '';
  enrolment = '';
  private owner: MitosisClient | undefined;

  constructor(readonly coordinator: CoordinatorFixture) {}

  async prepare(): Promise<void> {
    const { api, database } = this.coordinator;
    const tokenOf: Record<string, string> = {};
    for (const name of ['outsider', 'reader', 'writer', 'boss', 'stranger', 'lockee', 'expiree', 'owner']) {
      await api.access.createUser({ username: name, password: PASSWORD });
      tokenOf[name] = await this.login(name);
    }
    const clientOf = (name: string): MitosisClient => this.client(tokenOf[name] ?? '');
    await clientOf('boss').access.createGroup('lab');
    await clientOf('stranger').access.createGroup('other');
    await clientOf('boss').access.updateMembers('lab', { reader: 'read', writer: 'write', owner: 'write', lockee: 'admin', expiree: 'admin' });
    this.owner = clientOf('owner');
    const worker = await this.registered(tokenOf.owner ?? '');
    const foreign = await registerWorker(this.coordinator.url, tokenOf.stranger ?? '', { groups: ['other'], slots: 1, hostname: 'h', version: '0' });
    const revoked = await this.registered(tokenOf.owner ?? '');
    await api.access.revokeWorker(revoked.uuid);
    this.worker = worker.uuid;
    this.enrolment = (await this.owner.access.createEnrolment({ groups: ['lab'] })).uuid;
    this.task = await this.freshTask();
    await new WorkerClient({ url: this.coordinator.url, token: worker.token }).claim([{ task: this.task, request: randomUUID() }]);
    this.job = await this.freshJob();
    await this.store('stored', 'hello');
    await api.access.updateUser('lockee', { state: 'locked' });
    await database.query(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE user_id = (SELECT id FROM users WHERE username = 'expiree')`);
    const person = (kind: CallerKind, name: string): Caller => ({ kind, token: tokenOf[name] ?? '', login: () => this.login(name) });
    const fixed = (kind: CallerKind, token: string): Caller => ({ kind, token });
    this.callers.push(
      fixed('anonymous', ''),
      person('no group', 'outsider'),
      person('read', 'reader'),
      person('write', 'writer'),
      person('admin', 'boss'),
      person('admin of another group', 'stranger'),
      { kind: 'site admin', token: await this.login('mitosis_admin'), login: () => this.login('mitosis_admin') },
      fixed('locked', tokenOf.lockee ?? ''),
      fixed('expired', tokenOf.expiree ?? ''),
      fixed('worker of the task', worker.token),
      fixed('worker of another group', foreign.token),
      fixed('revoked worker', revoked.token),
    );
  }

  client(token: string): MitosisClient {
    return new MitosisClient({ url: this.coordinator.url, token });
  }

  async login(name: string): Promise<string> {
    const password = this.passwordOf(name);
    return (await new MitosisClient({ url: this.coordinator.url }).login(name, password)).token;
  }

  passwordOf(name: string): string {
    return name === 'mitosis_admin' ? this.coordinator.password : PASSWORD;
  }

  /** Stores an attachment of the group. */
  private async store(key: string, text: string): Promise<void> {
    const url = new URL(`/groups/lab/attachments/file?key=${key}`, this.coordinator.url);
    const response = await fetch(url, { method: 'PUT', headers: { Authorization: `Bearer ${this.ownerToken}` }, body: Buffer.from(text) });
    if (!response.ok) throw new Error(`the attachment was not stored: ${response.status} ${await response.text()}`);
  }

  async freshTask(): Promise<string> {
    return (await this.people.submitTask({ args: ['true'], group: 'lab' })).uuid;
  }

  /** The token with which a running task of the group speaks for its creator. */
  async attemptToken(): Promise<string> {
    const { token } = await this.registered(this.ownerToken);
    const task = await this.freshTask();
    const [claimed] = await new WorkerClient({ url: this.coordinator.url, token }).claim([{ task, request: randomUUID() }]);
    return claimed?.token ?? '';
  }

  async freshJob(): Promise<string> {
    const response = await this.send('POST', '/jobs', this.ownerToken, { group: 'lab', tasks: [{ args: ['true'] }] });
    return ((await response.json()) as { uuid: string }).uuid;
  }

  async freshUser(): Promise<string> {
    const username = `u${randomUUID().slice(0, 8)}`;
    await this.coordinator.api.access.createUser({ username, password: PASSWORD });
    return username;
  }

  async freshMember(): Promise<string> {
    const username = await this.freshUser();
    await this.coordinator.api.access.updateMembers('lab', { [username]: 'read' });
    return username;
  }

  async freshWorker(): Promise<string> {
    return (await this.registered(this.ownerToken)).uuid;
  }

  async send(method: string, path: string, token: string, body?: unknown): Promise<Response> {
    return fetch(new URL(path, this.coordinator.url), {
      method,
      headers: { ...(token !== '' && { Authorization: `Bearer ${token}` }), ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  private get people(): MitosisClient {
    if (!this.owner) throw new Error('the scene was not prepared');
    return this.owner;
  }

  /** Of somebody with `write` in the group. */
  ownerToken = '';

  /** A worker on which the group is admin. */
  private async registered(token: string): Promise<{ uuid: string; token: string }> {
    this.ownerToken = token;
    const { registration } = await connectWorker({ url: this.coordinator.url, token });
    await this.coordinator.api.access.updateWorkerRoles(registration.uuid, { lab: 'admin' });
    return registration;
  }
}
