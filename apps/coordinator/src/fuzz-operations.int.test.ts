import { randomInt } from 'node:crypto';
import { request } from 'node:http';
import test from 'ava';
import { z } from 'zod';
import { OPERATIONS, type Operation } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import { AccessScene, type Caller } from './testing/access-scene.js';
import { coordinatorFixture } from './testing/coordinator-fixture.js';

/**
 * Every operation, called by every kind of caller with values that its own schema allows, mixed with hostile ones.
 * `FUZZ_SECONDS` says for how long, `FUZZ_SEED` repeats a run: its requests are the same, one after the other.
 */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 20);
const SEED = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const file = fileScope(test);
let scene: AccessScene;

test.before(async () => {
  scene = new AccessScene(await coordinatorFixture(file, 'postgres'));
  await scene.prepare();
});

/** Mulberry32 (T. Ettinger): a small generator whose numbers follow from its seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(SEED);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
const HOSTILE: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  '\0',
  'a\u0000b',
  '\ud800',
  '\udc00x',
  '\u202e\u001b]0;x\u0007',
  "' OR 1=1 --",
  '../../etc/passwd',
  '__proto__',
  'a'.repeat(70_000),
  '0001-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z',
  0,
  -1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  [],
  {},
  [null],
  { __proto__: 1 },
  nested(60),
  nested(200),
  Array(5_000).fill(0),
];

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
}

/** Names and ids that mean something here, and some that mean nothing. */
const words = (): readonly string[] => [
  'lab',
  'other',
  'reader',
  'outsider',
  'x',
  'stored',
  'result',
  scene.task,
  scene.job,
  scene.worker,
  scene.workload,
  scene.program,
  '0191f1f0-0000-7000-8000-000000000000',
];

function made(schema: Schema, depth = 0): unknown {
  if (random() < 0.06) return pick(HOSTILE);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return pick(schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return made(pick(choices), depth);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => made(part, depth)));
  const type = Array.isArray(schema.type) ? pick(schema.type as readonly string[]) : schema.type;
  if (type === 'object') return madeObject(schema, depth);
  if (type === 'array')
    return Array.from({ length: Math.floor(random() * 3) + 1 }, () => made(schema.items ?? {}, depth + 1));
  if (type === 'integer' || type === 'number')
    return pick([schema.minimum ?? 0, schema.maximum ?? 100, Math.floor(random() * 100)]);
  if (type === 'boolean') return random() < 0.5;
  if (type === 'null') return null;
  return schema.format === 'date-time' ? new Date(Math.floor(random() * 4e12)).toISOString() : pick(words());
}

function madeObject({ properties = {}, required = [], additionalProperties }: Schema, depth: number): unknown {
  const entries = Object.entries(properties)
    .filter(([name]) => required.includes(name) || (depth < 5 && random() < 0.4))
    .map(([name, schema]) => [name, made(schema, depth + 1)] as const);
  if (typeof additionalProperties === 'object') entries.push([pick(words()), made(additionalProperties, depth + 1)]);
  if (random() < 0.02) entries.push(['unknown', pick(HOSTILE)]);
  return Object.fromEntries(entries);
}

const schemaOf = (type: z.ZodType): Schema =>
  z.toJSONSchema(type, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema;

/** What would end the callers themselves, and what has no answer that ends. */
const NOT_ASKED = ['auth.logout', 'account.change-password', 'workers.unregister', 'workers.channel'];

/** Those who get past the door of an operation, most of the time. */
const callersOf = ({ access }: Operation): readonly Caller[] =>
  scene.callers.filter(({ kind, login }) =>
    access === 'worker' ? kind === 'worker of the task' : login !== undefined,
  );

interface Call {
  readonly operation: Operation;
  readonly caller: Caller;
  readonly path: string;
  readonly body?: string;
}

function nextCall(): Call {
  const operation = pick(OPERATIONS.filter(({ id, access }) => access !== 'signed' && !NOT_ASKED.includes(id)));
  const value = (): string =>
    encodeURIComponent(random() < 0.9 ? pick(words()) : String(pick(['\0', '..', '%', 'é', 'x'.repeat(300)])));
  const query = operation.query && random() < 0.8 ? (made(schemaOf(operation.query)) as object | null) : undefined;
  const parameters = Object.entries(query ?? {})
    .slice(0, 20)
    .map(([key, part]) => `${encodeURIComponent(safe(key))}=${encodeURIComponent(safe(part).slice(0, 300))}`);
  const place = operation.path.replaceAll(/\{?\/?\*\w+\}?/g, '/x').replaceAll(/:\w+/g, value);
  const body = operation.body ? JSON.stringify(made(schemaOf(operation.body))) : undefined;
  return {
    operation,
    caller: pick(random() < 0.8 ? callersOf(operation) : scene.callers),
    path: parameters.length > 0 ? `${place}?${parameters.join('&')}` : place,
    ...(body !== undefined && { body }),
  };
}

/** Half a surrogate pair can't be in a URL. */
const safe = (part: unknown): string => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString();

/** Everything that people decide; what services note by themselves (leases, deliveries, logins) is left out. */
async function state(): Promise<string> {
  const parts: Readonly<Record<string, string>> = {
    users: 'id, username, state, is_admin, group_quota, password_hash',
    groups: 'id, name, state, queued_tasks_max, running_tasks_max, storage_quota_bytes, suspended_at',
    memberships: 'user_id, group_id, role',
    workers: 'id, state, wanted, tags, labels',
    worker_groups: 'worker_id, group_id, role',
    enrolments: 'id, revoked_at, uses',
    api_tokens: 'id, name, scope, revoked_at',
    tasks: 'id, spec, name, tags, labels, priority, timeout_ms, retries, cancel_requested_at',
    jobs: 'id, name, is_open, suspended_at',
    workloads: 'id, sha256',
    programs: 'group_id, sha256',
    attachments: 'group_id, key, sha256',
    artifacts: 'task_id, kind, sha256',
    objects: 'key, state',
  };
  const columns = Object.entries(parts).map(
    ([table, names]) =>
      `(SELECT md5(coalesce(string_agg(md5(r::text), '' ORDER BY md5(r::text)), ''))
        FROM (SELECT ${names} FROM ${table}) r) AS ${table}`,
  );
  return JSON.stringify(await scene.coordinator.database.query(`SELECT ${columns.join(', ')}`));
}

/** By hand: what is sent here need not be what the API description says. */
async function answerOf({ operation, caller, path, body }: Call): Promise<{ status: number; ms: number }> {
  const begunAt = performance.now();
  const headers = {
    ...(caller.token !== '' && { Authorization: `Bearer ${caller.token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, scene.coordinator.url), { method: operation.method, headers }, (response) => {
      resolve({ status: response.statusCode ?? 0, ms: performance.now() - begunAt });
      // A stream may have no end.
      sent.destroy();
    });
    sent.setTimeout(70_000, () => sent.destroy(new Error(`no answer: ${operation.id}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

test('whatever is sent, by whomever: no internal error, and what is refused changes nothing', async (t) => {
  t.timeout((SECONDS + 120) * 1000);
  t.log(`FUZZ_SEED=${SEED} FUZZ_SECONDS=${SECONDS}`);
  const until = performance.now() + SECONDS * 1000;
  const statuses: Record<number, number> = {};
  let [count, slowest] = [0, { ms: 0, what: '' }];
  while (performance.now() < until) {
    const call = nextCall();
    const isLookedAt = count % 5 === 0;
    const before = isLookedAt ? await state() : '';
    const { status, ms } = await answerOf(call);
    const what =
      `${call.operation.id} as ${call.caller.kind}: ` +
      `${call.operation.method} ${call.path.slice(0, 300)} ${call.body?.slice(0, 600) ?? ''}`;
    count += 1;
    statuses[status] = (statuses[status] ?? 0) + 1;
    const waits = /wait|output|events/.test(call.operation.id) || call.path.includes('wait');
    if (!waits && ms > slowest.ms) slowest = { ms, what };
    if (status >= 500) t.fail(`${status}: ${what}`);
    if (isLookedAt && status >= 400) t.is(await state(), before, `${status}, and something changed: ${what}`);
  }
  t.log(`${count} requests: ${JSON.stringify(statuses)}`);
  t.log(`slowest: ${Math.round(slowest.ms)} ms, ${slowest.what.slice(0, 200)}`);
});
