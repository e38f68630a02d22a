import test from 'ava';
import type { Browser } from 'playwright-core';
import { fileScope } from '@mitosis/testing';
import {
  fromPage,
  furnish,
  launchBrowser,
  picture,
  queuePath,
  signIn,
  submitAs,
  visit,
} from './testing/board-visit.js';
import { BACKENDS, coordinatorFixture, type Backend, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const coordinators = new Map<Backend, CoordinatorFixture>();
let browser: Browser;

const GPU = 'vision: cuda12.1, gpu';

test.before(async () => {
  browser = await launchBrowser(file);
  for (const backend of BACKENDS) {
    const coordinator = await coordinatorFixture(file, backend);
    coordinators.set(backend, coordinator);
    await furnish(coordinator);
  }
});

const fixtureOf = (backend: Backend): CoordinatorFixture => coordinators.get(backend) as CoordinatorFixture;

for (const backend of BACKENDS) {
  test.serial(`${backend}: an administrator signs in and sees the queues of all groups, as they come`, async (t) => {
    const coordinator = fixtureOf(backend);
    const { page, context, complaints } = await signIn(browser, coordinator, 'mitosis_admin');
    await page.getByText(GPU).first().waitFor();
    await page.getByText('audio').first().waitFor();
    await picture(page, `${backend}-admin-overview`);
    await submitAs(coordinator, 'vision', ['fresh']);
    await page.getByText('vision: fresh').first().waitFor();
    await coordinator.database.query(`DELETE FROM tasks WHERE queue = 'vision~fresh'`);
    await coordinator.database.query(`DELETE FROM queues WHERE name = 'vision~fresh'`);
    await page.getByText('vision: fresh').first().waitFor({ state: 'detached' });
    t.notRegex(await page.locator('body').innerText(), /vision~/, 'everything is named as people read it');
    t.deepEqual(complaints, [], 'nothing is asked for elsewhere, nothing fails');
    await context.close();
  });

  test.serial(`${backend}: what only the database may say can't be written on the board`, async (t) => {
    const { page, context } = await signIn(browser, fixtureOf(backend), 'mitosis_admin');
    const queue = '/board/api/queues/audio';
    t.is(await fromPage(page, 'POST', `${queue}/add`), 403);
    t.is(await fromPage(page, 'PUT', `${queue}/pause`, false), 403, 'without the CSRF token');
    t.is(await fromPage(page, 'PUT', `${queue}/pause`), 200);
    t.is(await fromPage(page, 'PUT', `${queue}/resume`), 200);
    await context.close();
  });

  test.serial(`${backend}: a member sees the queues of the own groups only, and can't act`, async (t) => {
    const coordinator = fixtureOf(backend);
    const { page, context } = await signIn(browser, coordinator, 'ada');
    await page.getByText(GPU).first().waitFor();
    await picture(page, `${backend}-member-overview`);
    t.is(await page.getByText('audio').count(), 0);
    t.is(await fromPage(page, 'GET', '/board/api/queues/audio/metrics'), 404);
    t.is(await fromPage(page, 'PUT', '/board/api/queues/audio/pause'), 403);
    t.is(await fromPage(page, 'PUT', `${queuePath(GPU, '/board/api/queues')}/pause`), 403);
    t.is(await fromPage(page, 'PUT', '/board/api/queues/pause'), 403);
    t.is(await fromPage(page, 'GET', '/board/api/redis/stats'), 403);
    await page.goto(coordinator.url + queuePath(GPU, '/board/queue'));
    await page.getByText('hello vision').first().waitFor();
    await picture(page, `${backend}-member-queue`);
    await context.close();
  });
}

test.serial('a person signs in with the right password only, and signs out again', async (t) => {
  const coordinator = fixtureOf('postgres');
  const { page, context } = await visit(browser, coordinator);
  await page.goto(`${coordinator.url}/board/queue/audio`);
  t.true(page.url().endsWith('/board/login'));
  await picture(page, 'login');
  await page.getByLabel('User').fill('bob');
  await page.getByLabel('Password').fill('wrong-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  t.is(await page.getByRole('alert').textContent(), 'the user name or the password is wrong');
  await picture(page, 'login-refused');
  await context.close();

  const bob = await signIn(browser, coordinator, 'bob');
  const cookies = await bob.context.cookies();
  const session = cookies.find(({ name }) => name === 'mito_board');
  t.like(session, { httpOnly: true, sameSite: 'Strict', secure: false, path: '/' });
  await bob.page.goto(`${coordinator.url}/board/logout`);
  await picture(bob.page, 'logout');
  await bob.page.getByRole('button', { name: 'Sign out' }).click();
  await bob.page.waitForURL(/\/board\/login$/);
  const stolen = await fetch(`${coordinator.url}/board/api/queues`, {
    headers: { Cookie: `mito_board=${session?.value}` },
  });
  t.is(stolen.status, 401, 'the login is over on the server, too');
  await bob.context.close();
});

test.serial(
  'the cookie is for TLS only when the browser speaks it, and a form of another site is refused',
  async (t) => {
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
  },
);
