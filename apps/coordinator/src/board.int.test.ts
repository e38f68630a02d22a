import { chromium, eventually, fileScope } from '@mitosis/testing';
import test from 'ava';
import { mkdir } from 'node:fs/promises';
import { type Browser, type BrowserContext, type Page, chromium as browserType } from 'playwright-core';
import { BACKENDS, type Backend, type CoordinatorFixture, coordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const coordinators = new Map<Backend, CoordinatorFixture>();
let browser: Browser;

/** Where pictures of the pages are put, when somebody wants to look at them. */
const PICTURES = process.env.MITO_TEST_PICTURES;

test.before(async () => {
  browser = await browserType.launch({ executablePath: await chromium(), args: ['--no-sandbox', '--disable-gpu'] });
  file.teardown(() => browser.close());
  for (const backend of BACKENDS) {
    const coordinator = await coordinatorFixture(file, backend);
    coordinators.set(backend, coordinator);
    await addMember(coordinator, 'ada', 'vision');
    await addMember(coordinator, 'bob', 'audio');
    await submitAs(coordinator, 'vision', ['gpu', 'cuda12.1']);
    await submitAs(coordinator, 'audio', []);
  }
});

/** A user with the administrator's password and one group. */
async function addMember({ database }: CoordinatorFixture, username: string, group: string): Promise<void> {
  await database.query(
    `WITH u AS (
       INSERT INTO users (id, username, password_hash) SELECT gen_random_uuid(), $1, password_hash FROM users WHERE is_admin RETURNING id
     ), g AS (
       INSERT INTO groups (id, name, creator_id) SELECT gen_random_uuid(), $2, id FROM u RETURNING id
     ) INSERT INTO memberships (user_id, group_id, role) SELECT u.id, g.id, 'read' FROM u, g`,
    [username, group],
  );
}

/** The administrator becomes a member, for only members submit. */
async function submitAs({ api, database }: CoordinatorFixture, group: string, tags: string[]): Promise<string> {
  await database.query(
    `INSERT INTO memberships (user_id, group_id, role) SELECT u.id, g.id, 'write' FROM users u, groups g
     WHERE u.is_admin AND g.name = $1 ON CONFLICT DO NOTHING`,
    [group],
  );
  return (await api.submitTask({ args: ['echo', group], name: `hello ${group}`, group, tags })).uuid;
}

const fixtureOf = (backend: Backend): CoordinatorFixture => coordinators.get(backend) as CoordinatorFixture;

interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page asked for elsewhere, and what went wrong in it. */
  readonly complaints: string[];
}

async function visit(coordinator: CoordinatorFixture): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(coordinator.url) && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, context, complaints };
}

async function signIn(coordinator: CoordinatorFixture, username: string): Promise<Visit> {
  const visited = await visit(coordinator);
  await visited.page.goto(`${coordinator.url}/board`);
  await visited.page.getByLabel('User').fill(username);
  await visited.page.getByLabel('Password').fill(coordinator.password);
  await visited.page.getByRole('button', { name: 'Sign in' }).click();
  await visited.page.waitForURL(/\/board\/?$/);
  return visited;
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

/** A request that the page itself sends, as the board's own scripts do. */
async function fromPage(page: Page, method: string, path: string, withToken = true): Promise<number> {
  const script = `(async () => {
    const token = /XSRF-TOKEN=([^;]+)/.exec(document.cookie)?.[1] ?? '';
    const headers = ${withToken} ? { 'X-XSRF-TOKEN': token } : {};
    return (await fetch(${JSON.stringify(path)}, { method: ${JSON.stringify(method)}, headers })).status;
  })()`;
  return (await page.evaluate(script)) as number;
}

for (const backend of BACKENDS) {
  test.serial(`${backend}: an administrator signs in and sees the queues of all groups, as they come`, async (t) => {
    const coordinator = fixtureOf(backend);
    const { page, context, complaints } = await signIn(coordinator, 'mitosis_admin');
    await page.getByText('vision · cuda12.1 + gpu').first().waitFor();
    await page.getByText('audio').first().waitFor();
    await picture(page, `${backend}-admin-overview`);
    await submitAs(coordinator, 'vision', ['fresh']);
    await page.getByText('vision · fresh').first().waitFor();
    await coordinator.database.query(`DELETE FROM tasks WHERE queue = 'vision~fresh'`);
    await coordinator.database.query(`DELETE FROM queues WHERE name = 'vision~fresh'`);
    await page.getByText('vision · fresh').first().waitFor({ state: 'detached' });
    t.deepEqual(complaints, [], 'nothing is asked for elsewhere, nothing fails');
    await context.close();
  });

  test.serial(`${backend}: a job that is removed on the board comes back, for the task is still to run`, async (t) => {
    const coordinator = fixtureOf(backend);
    const uuid = await submitAs(coordinator, 'vision', ['gpu', 'cuda12.1']);
    const { page, context } = await signIn(coordinator, 'mitosis_admin');
    const job = `/board/api/queues/vision~cuda12.1~gpu/${uuid}-1`;
    await page.goto(`${coordinator.url}/board/queue/vision~cuda12.1~gpu/${uuid}-1`);
    await page.getByText('hello vision').first().waitFor();
    await picture(page, `${backend}-admin-job`);
    t.is(await fromPage(page, 'PUT', `${job}/clean`), 204);
    t.is(await fromPage(page, 'GET', job), 404);
    t.is((await coordinator.api.getTask(uuid)).state, 'ready');
    await eventually(async () => (await fromPage(page, 'GET', job)) === 200, { timeoutMs: 20_000, message: 'the job was not put back' });
    t.is((await coordinator.api.getTask(uuid)).state, 'ready');
    await context.close();
  });

  test.serial(`${backend}: what only the database may say can't be written on the board`, async (t) => {
    const { page, context } = await signIn(fixtureOf(backend), 'mitosis_admin');
    const queue = '/board/api/queues/audio';
    t.is(await fromPage(page, 'POST', `${queue}/add`), 403);
    t.is(await fromPage(page, 'PUT', `${queue}/pause`, false), 403, 'without the CSRF token');
    t.is(await fromPage(page, 'PUT', `${queue}/pause`), 200);
    t.is(await fromPage(page, 'PUT', `${queue}/resume`), 200);
    await context.close();
  });

  test.serial(`${backend}: a member sees the queues of the own groups only, and can't act`, async (t) => {
    const coordinator = fixtureOf(backend);
    const { page, context } = await signIn(coordinator, 'ada');
    await page.getByText('vision · cuda12.1 + gpu').first().waitFor();
    await picture(page, `${backend}-member-overview`);
    t.is(await page.getByText('audio').count(), 0);
    t.is(await fromPage(page, 'GET', '/board/api/queues/audio/metrics'), 404);
    t.is(await fromPage(page, 'PUT', '/board/api/queues/audio/pause'), 403);
    t.is(await fromPage(page, 'PUT', '/board/api/queues/vision~cuda12.1~gpu/pause'), 403);
    t.is(await fromPage(page, 'PUT', '/board/api/queues/pause'), 403);
    t.is(await fromPage(page, 'GET', '/board/api/redis/stats'), 403);
    await page.goto(`${coordinator.url}/board/queue/vision~cuda12.1~gpu`);
    await page.getByText('hello vision').first().waitFor();
    await picture(page, `${backend}-member-queue`);
    await context.close();
  });
}

test.serial('a person signs in with the right password only, and signs out again', async (t) => {
  const coordinator = fixtureOf('postgres');
  const { page, context } = await visit(coordinator);
  await page.goto(`${coordinator.url}/board/queue/audio`);
  t.true(page.url().endsWith('/board/login'));
  await picture(page, 'login');
  await page.getByLabel('User').fill('bob');
  await page.getByLabel('Password').fill('wrong-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  t.is(await page.getByRole('alert').textContent(), 'the user name or the password is wrong');
  await picture(page, 'login-refused');
  await context.close();

  const bob = await signIn(coordinator, 'bob');
  const cookies = await bob.context.cookies();
  const session = cookies.find(({ name }) => name === 'mito_board');
  t.like(session, { httpOnly: true, sameSite: 'Strict', secure: false, path: '/board' });
  await bob.page.goto(`${coordinator.url}/board/logout`);
  await picture(bob.page, 'logout');
  await bob.page.getByRole('button', { name: 'Sign out' }).click();
  await bob.page.waitForURL(/\/board\/login$/);
  const stolen = await fetch(`${coordinator.url}/board/api/queues`, { headers: { Cookie: `mito_board=${session?.value}` } });
  t.is(stolen.status, 401, 'the login is over on the server, too');
  await bob.context.close();
});

test.serial('the cookie is for TLS only when the browser speaks it, and a form of another site is refused', async (t) => {
  const coordinator = fixtureOf('postgres');
  const post = (headers: Record<string, string>) =>
    fetch(`${coordinator.url}/board/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ username: 'bob', password: coordinator.password }),
    });
  const secure = await post({ 'X-Forwarded-Proto': 'https' });
  t.is(secure.status, 303);
  for (const cookie of secure.headers.getSetCookie()) t.regex(cookie, /; Secure$/);
  t.is((await post({ Origin: 'https://elsewhere.example' })).status, 403);
  t.is((await post({ 'Sec-Fetch-Site': 'cross-site' })).status, 403);
  const page = await fetch(`${coordinator.url}/board/login`);
  t.regex(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
});
