import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MitosisClient, registerWorker, WorkerClient } from '@mitosis/client';
import { UploadTicket, type AttemptLease, type ClaimedTask } from '@mitosis/protocol';
import { connectWorker, type CoordinatorFixture } from './coordinator-fixture.js';

/** The kinds of callers of the matrix, in the order of its columns. */
export const CALLERS = [
  'anonymous',
  'no group',
  'read',
  'write-wasm',
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
  /** Logs in again; undefined for those who can't. */
  login?(): Promise<string>;
}

/** Any program that the sandbox takes. */
export const PROGRAM = new URL('../../../../workloads/dist/count_primes.wasm', import.meta.url);

/** The same with other bytes: a custom section (WebAssembly 1.0, 5.5.3) with a random name. */
export async function distinctProgram(): Promise<Uint8Array> {
  const name = randomUUID();
  return Buffer.concat([await readFile(PROGRAM), Buffer.from([0, name.length + 1, name.length]), Buffer.from(name)]);
}

const PASSWORD = 'correct horse battery staple';

/** People and workers around one group `lab`, and what belongs to it. */
export class AccessScene {
  readonly callers: Caller[] = [];
  task = '';
  job = '';
  worker = '';
  enrolment = '';
  /** SHA-256 of a program of the group. */
  program = '';
  workload = '';
  withResult = '';
  /** The attempt of `task`. */
  claimed: ClaimedTask | undefined;
  private owner: MitosisClient | undefined;

  constructor(readonly coordinator: CoordinatorFixture) {}

  async prepare(): Promise<void> {
    const { api, database } = this.coordinator;
    const tokenOf: Record<string, string> = {};
    for (const name of ['outsider', 'reader', 'wasmer', 'writer', 'boss', 'stranger', 'lockee', 'expiree', 'owner']) {
      await api.access.createUser({ username: name, password: PASSWORD });
      tokenOf[name] = await this.login(name);
    }
    const clientOf = (name: string): MitosisClient => this.client(tokenOf[name] ?? '');
    await api.access.updateUser('boss', { group_quota: { set: 300 } });
    await clientOf('boss').access.createGroup('lab');
    await clientOf('stranger').access.createGroup('other');
    await clientOf('boss').access.updateMembers('lab', {
      reader: 'read',
      wasmer: 'write-wasm',
      writer: 'write',
      owner: 'write',
      lockee: 'admin',
      expiree: 'admin',
    });
    this.owner = clientOf('owner');
    const worker = await this.registered(tokenOf.owner ?? '');
    const foreign = await registerWorker(this.coordinator.url, tokenOf.stranger ?? '', {
      groups: ['other'],
      slots: 1,
      hostname: 'h',
      version: '0',
    });
    const revoked = await this.registered(tokenOf.owner ?? '');
    await api.access.revokeWorker(revoked.uuid);
    this.worker = worker.uuid;
    this.enrolment = (await this.owner.access.createEnrolment({ groups: ['lab'] })).uuid;
    this.task = await this.freshTask();
    [this.claimed] = await new WorkerClient({ url: this.coordinator.url, token: worker.token }).claim([
      { task: this.task, request: randomUUID() },
    ]);
    // There are no heartbeats here.
    await database.query(`UPDATE attempts SET lease_until = now() + interval '1 hour' WHERE task_id = $1`, [this.task]);
    this.program = (await this.owner.programs.upload(await readFile(PROGRAM), { name: 'primes', group: 'lab' })).sha256;
    this.workload = await this.freshWorkload();
    this.withResult = await this.taskWithResult();
    this.job = await this.freshJob();
    await this.store('stored', Buffer.from('hello'));
    await this.store('program.wasm', await readFile(PROGRAM));
    await api.access.updateUser('lockee', { state: 'locked' });
    await database.query(
      `UPDATE sessions SET expires_at = now() - interval '1 second'
        WHERE user_id = (SELECT id FROM users WHERE username = 'expiree')`,
    );
    const person = (kind: CallerKind, name: string): Caller => ({
      kind,
      token: tokenOf[name] ?? '',
      login: () => this.login(name),
    });
    const fixed = (kind: CallerKind, token: string): Caller => ({ kind, token });
    this.callers.push(
      fixed('anonymous', ''),
      person('no group', 'outsider'),
      person('read', 'reader'),
      person('write-wasm', 'wasmer'),
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
  private async store(key: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
    const url = new URL(`/groups/lab/attachments/file?key=${key}`, this.coordinator.url);
    const response = await fetch(url, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${this.ownerToken}` },
      body: content,
    });
    if (!response.ok) throw new Error(`the attachment was not stored: ${response.status} ${await response.text()}`);
  }

  async freshAttachment(): Promise<string> {
    const key = randomUUID();
    await this.store(key, Buffer.from('hello'));
    return key;
  }

  /** A task with a result that a person has put there. */
  async taskWithResult(): Promise<string> {
    const task = await this.freshTask();
    await this.people.files.uploadArtifact(task, 'result', await this.someFile());
    return task;
  }

  /** An upload that was begun by `token` and whose bytes are in the store. */
  async freshUpload(token: string): Promise<string> {
    const bytes = randomBytes(8);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const begun = await this.send('POST', '/groups/lab/attachments', token, {
      key: randomUUID(),
      size_bytes: bytes.length,
      sha256,
    });
    const { upload, single } = UploadTicket.parse(await begun.json());
    if (single)
      await fetch(new URL(single.url, this.coordinator.url), {
        method: single.method,
        headers: single.headers,
        body: bytes,
      });
    return upload;
  }

  /** A file on this machine. */
  private async someFile(): Promise<string> {
    const name = path.join(this.coordinator.stateDir, 'some-file');
    await writeFile(name, 'hello');
    return name;
  }

  /** A program of the group that is like no other. */
  async freshProgram(): Promise<string> {
    return (await this.people.programs.upload(await distinctProgram(), { name: 'fresh', group: 'lab' })).sha256;
  }

  async freshWorkload(): Promise<string> {
    return (await this.people.workloads.submit({ group: 'lab', name: 'primes', sha256: this.program, params: {} }))
      .uuid;
  }

  async freshTask(): Promise<string> {
    return (await this.people.submitTask({ args: ['true'], group: 'lab' })).uuid;
  }

  /** The token with which a running task of the group speaks for its creator. */
  async attemptToken(): Promise<string> {
    const { token } = await this.registered(this.ownerToken);
    const task = await this.freshTask();
    const [claimed] = await new WorkerClient({ url: this.coordinator.url, token }).claim([
      { task, request: randomUUID() },
    ]);
    return claimed?.token ?? '';
  }

  async freshEnrolment(): Promise<string> {
    return (await this.people.access.createEnrolment({ groups: ['lab'] })).uuid;
  }

  /** Another group with the same members. */
  async freshGroup(): Promise<string> {
    const name = `g${randomUUID().slice(0, 8)}`;
    const boss = this.client(this.callers.find(({ kind }) => kind === 'admin')?.token ?? '');
    await boss.access.createGroup(name);
    await boss.access.updateMembers(name, { reader: 'read', wasmer: 'write-wasm', writer: 'write' });
    return name;
  }

  /** What names the attempt of `task` in the requests of its worker. */
  lease(): AttemptLease {
    const { task = '', attempt = 0, lease = '' } = this.claimed ?? {};
    return { task, attempt, lease };
  }

  async freshJob(isOpen = false): Promise<string> {
    const response = await this.send('POST', '/jobs', this.ownerToken, {
      group: 'lab',
      tasks: [{ args: ['true'] }],
      is_open: isOpen,
    });
    return ((await response.json()) as { uuid: string }).uuid;
  }

  /** A job that a file describes. */
  experiment(name: string): object {
    const task = { identity: 'a'.repeat(64), run: 'b'.repeat(64), task: { args: ['true'] } };
    return { group: 'lab', name, tasks: [task], definition: { format: 'toml', text: '[jobs.a]' } };
  }

  schedule(name: string): object {
    return { group: 'lab', name, cron: '0 0 1 1 *', jobs: [{ key: 'a', tasks: [{ args: ['true'] }] }] };
  }

  async freshSchedule(): Promise<string> {
    const response = await this.send('POST', '/schedules', this.ownerToken, this.schedule(`s${randomUUID()}`));
    return ((await response.json()) as { uuid: string }).uuid;
  }

  receiver(group: string): object {
    return { group, name: `r${randomUUID().slice(0, 8)}`, kind: 'webhook', target: 'https://127.0.0.1/' };
  }

  /** Of a group of which the callers are members as they are of `lab`. */
  async freshReceiver(): Promise<string> {
    const boss = this.callers.find(({ kind }) => kind === 'admin')?.token ?? '';
    const response = await this.send('POST', '/receivers', boss, this.receiver(await this.freshGroup()));
    return ((await response.json()) as { uuid: string }).uuid;
  }

  async freshExperiment(): Promise<string> {
    const response = await this.send('POST', '/experiments', this.ownerToken, this.experiment(randomUUID()));
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
      headers: {
        ...(token !== '' && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Sends a body that is not JSON. */
  async sendBytes(method: string, at: string, token: string, body: Uint8Array): Promise<Response> {
    const type = at.startsWith('/programs') ? 'application/wasm' : 'application/octet-stream';
    return fetch(new URL(at, this.coordinator.url), {
      method,
      headers: { 'Content-Type': type, ...(token !== '' && { Authorization: `Bearer ${token}` }) },
      body,
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
