import { mkdir } from 'node:fs/promises';
import { chromium as browserType, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { chromium, type Scope } from '@mitosis/testing';
import type { CoordinatorFixture } from './coordinator-fixture.js';

/** Where pictures of the pages are put, when somebody wants to look at them. */
const PICTURES = process.env.MITO_TEST_PICTURES;

/** A board with the groups `vision` (member: ada) and `audio` (member: bob), and a task in each. */
export async function furnish(coordinator: CoordinatorFixture): Promise<void> {
  await addMember(coordinator, 'ada', 'vision');
  await addMember(coordinator, 'bob', 'audio');
  await submitAs(coordinator, 'vision', ['gpu', 'cuda12.1']);
  await submitAs(coordinator, 'audio', []);
}

/** A user with the administrator's password and one group. */
async function addMember({ database }: CoordinatorFixture, username: string, group: string): Promise<void> {
  await database.query(
    `WITH u AS (
       INSERT INTO users (id, username, password_hash) SELECT gen_random_uuid(), $1, password_hash FROM users
       WHERE is_admin RETURNING id
     ), g AS (
       INSERT INTO groups (id, name, creator_id) SELECT gen_random_uuid(), $2, id FROM u RETURNING id
     ) INSERT INTO memberships (user_id, group_id, role) SELECT u.id, g.id, 'read' FROM u, g`,
    [username, group],
  );
}

/** The administrator becomes a member, for only members submit. */
export async function submitAs({ api, database }: CoordinatorFixture, group: string, tags: string[]): Promise<string> {
  await database.query(
    `INSERT INTO memberships (user_id, group_id, role) SELECT u.id, g.id, 'write' FROM users u, groups g
     WHERE u.is_admin AND g.name = $1 ON CONFLICT DO NOTHING`,
    [group],
  );
  return (await api.submitTask({ args: ['echo', group], name: `hello ${group}`, group, tags })).uuid;
}

export async function launchBrowser(scope: Scope): Promise<Browser> {
  const browser = await browserType.launch({
    executablePath: await chromium(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  scope.teardown(() => browser.close());
  return browser;
}

/** One person's browser. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page asked for elsewhere, and what went wrong in it. */
  readonly complaints: string[];
}

export async function visit(browser: Browser, coordinator: CoordinatorFixture): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(coordinator.url) && !request.url().startsWith('data:'))
      complaints.push(request.url());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, context, complaints };
}

export async function signIn(browser: Browser, coordinator: CoordinatorFixture, username: string): Promise<Visit> {
  const visited = await visit(browser, coordinator);
  await visited.page.goto(`${coordinator.url}/board`);
  await visited.page.getByLabel('User').fill(username);
  await visited.page.getByLabel('Password').fill(coordinator.password);
  await visited.page.getByRole('button', { name: 'Sign in' }).click();
  await visited.page.waitForURL(/\/board\/?$/);
  return visited;
}

export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

/** A request that the page itself sends, as the board's own scripts do. */
export async function fromPage(page: Page, method: string, path: string, withToken = true): Promise<number> {
  const script = `(async () => {
    const token = /XSRF-TOKEN=([^;]+)/.exec(document.cookie)?.[1] ?? '';
    const headers = ${withToken} ? { 'X-XSRF-TOKEN': token } : {};
    return (await fetch(${JSON.stringify(path)}, { method: ${JSON.stringify(method)}, headers })).status;
  })()`;
  return (await page.evaluate(script)) as number;
}

/** The address of a queue on the board, by the title that people read: its page, or its part of the API. */
export function queuePath(title: string, root: '/board/queue' | '/board/api/queues'): string {
  return `${root}/${encodeURIComponent(title)}`;
}
