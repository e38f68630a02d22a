import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { chromium as browserType, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { MitosisClient } from '@mitosis/client';
import type { TaskReceipt } from '@mitosis/protocol';
import { chromium, eventually, fileScope, tempDir } from '@mitosis/testing';
import { findViolations } from './harness/find-violations.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
const PASSWORD = 'a password of a reader';

let stack: E2eStack;
let browser: Browser;

test.before(async () => {
  stack = await startStack(file, { slots: 4 });
  browser = await browserType.launch({ executablePath: await chromium(), args: ['--no-sandbox', '--disable-gpu'] });
  file.teardown(() => browser.close());
});

interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page, what its policy refused, what it asked for elsewhere. */
  readonly complaints: string[];
}

async function visit(): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(stack.ready.url) && !/^(data|blob):/.test(request.url()))
      complaints.push(request.url());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  return { page, context, complaints };
}

async function signIn(username: string, password: string): Promise<Visit> {
  const visited = await visit();
  const { page } = visited;
  await page.goto(stack.ready.url);
  await page.getByLabel('User').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  return visited;
}

const admin = (): Promise<Visit> => signIn(stack.ready.admin.username, stack.ready.admin.password);

async function open(page: Page, hash: string, heading: string | RegExp): Promise<void> {
  await page.goto(`${stack.ready.url}/#/${hash}`);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

async function accessible(t: ExecutionContext, page: Page, name: string): Promise<void> {
  t.deepEqual(await findViolations(page), [], `axe on ${name}`);
}

const submit = (...argv: string[]): Promise<TaskReceipt> => stack.json<TaskReceipt>('tasks', 'submit', ...argv);

test.serial('live output goes on over a restart of the coordinator, each line once', async (t) => {
  const { uuid } = await submit(
    '--name',
    'counts',
    '--shell',
    'for i in $(seq 1 300); do echo "line $i"; sleep 0.1; done',
  );
  const { page, context } = await admin();
  await open(page, `task/${uuid}`, 'counts');
  await page.getByText('line 3', { exact: true }).waitFor();
  process.kill(stack.ready.pids.coordinator, 'SIGKILL');
  await page.getByText('line 300', { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByText('completed').first().waitFor();
  t.is(await page.getByText('line 299', { exact: true }).count(), 1);
  await page.getByRole('button', { name: 'Beginning' }).click();
  await page.getByText('line 1', { exact: true }).waitFor();
  await page.getByText('300 lines', { exact: true }).waitFor();
  await accessible(t, page, 'a task');
  await context.close();
});

test.serial('a form submits a sweep, and a file is dropped into the group', async (t) => {
  const { page, context, complaints } = await admin();
  await open(page, 'submit', 'Submit');
  await page.getByLabel('Command').fill('echo {word}');
  await page.getByLabel('Sweep').fill('word=a,b,c');
  await page.getByText('3 tasks', { exact: true }).waitFor();
  await accessible(t, page, 'the form');
  await page.getByRole('button', { name: 'Submit 3 tasks' }).click();
  await page.getByRole('heading', { level: 1, name: 'echo {word}' }).waitFor();

  const folder = await tempDir(t);
  const data = path.join(folder, 'data.txt');
  await writeFile(data, 'some bytes');
  await open(page, `group/${stack.ready.admin.username}`, stack.ready.admin.username);
  await page.getByLabel('Drop files here').setInputFiles(data);
  await page.getByText('stored', { exact: true }).waitFor();
  await page.getByRole('table', { name: 'Files' }).getByText('data.txt').waitFor();
  await accessible(t, page, 'a group');
  t.deepEqual(complaints, []);
  await context.close();
});

test.serial('somebody who may only read is offered nothing else, and every page passes', async (t) => {
  const { username } = stack.ready.admin;
  const { url } = stack.ready;
  const { token } = await new MitosisClient({ url }).login(username, stack.ready.admin.password);
  const { access } = new MitosisClient({ url, token });
  await access.createUser({ username: 'reader', password: PASSWORD });
  await access.updateMembers(username, { reader: 'read' });
  const { page, context, complaints } = await signIn('reader', PASSWORD);
  const other = await submit('--name', 'other', '--', 'sleep', '600');
  const { uuid } = await submit('--name', 'waits', '--after', other.uuid, '--', 'true');
  await open(page, `task/${uuid}`, 'waits');
  await page.getByText('Why it waits').waitFor();
  t.is(await page.getByRole('button', { name: /Cancel/ }).count(), 0);
  t.is(await page.getByRole('link', { name: 'Run again with changes' }).count(), 0);
  t.is(await page.getByRole('link', { name: 'Administration' }).count(), 0);
  const places = [
    ['', 'Home'],
    ['jobs', 'Jobs'],
    ['workers', 'Workers'],
    ['groups', 'Groups'],
    ['account', 'Account'],
  ] as const;
  for (const [hash, heading] of places) {
    await open(page, hash, heading);
    await accessible(t, page, heading);
  }
  t.deepEqual(complaints, []);
  await context.close();
  const boss = await admin();
  await open(boss.page, 'admin', 'Administration');
  await boss.page.getByRole('table', { name: 'Users' }).getByText('reader').waitFor();
  await accessible(t, boss.page, 'the administration');
  await boss.context.close();
});

test.serial('a terminal in the page takes what is typed, under the policy of the page', async (t) => {
  const { uuid } = await submit('--name', 'shell', '--pty', '--', 'sh', '-i');
  const { page, context, complaints } = await admin();
  await open(page, `task/${uuid}`, 'shell');
  await page.getByRole('button', { name: 'Open the terminal' }).click();
  await page.getByText('connected').waitFor();
  await page.keyboard.type('echo $((6*7))-answer\n');
  await eventually(async () => (await page.locator('.xterm').innerText()).includes('42-answer'), {
    message: 'what the shell printed',
  });
  await page.keyboard.type('exit\n');
  await page.getByText('completed').first().waitFor();
  t.deepEqual(complaints, []);
  await context.close();
});

test.serial('the cookie alone changes nothing, and another origin is refused', async (t) => {
  const { context, page } = await admin();
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const post = async (headers: Record<string, string>): Promise<number> =>
    (
      await fetch(`${stack.ready.url}/tokens`, {
        method: 'POST',
        headers: { Cookie: cookies, 'Content-Type': 'application/json', ...headers },
        body: '{}',
      })
    ).status;
  t.is(await post({}), 403, 'without the CSRF token');
  const token = /XSRF-TOKEN=([^;]+)/.exec(cookies)?.[1] ?? '';
  t.is(await post({ 'X-XSRF-TOKEN': token }), 400, 'with it the body is looked at');
  const other = new URL(stack.ready.url);
  t.is(
    await post({ 'X-XSRF-TOKEN': token, Origin: `http://${other.hostname}:1` }),
    403,
    'another port is another origin',
  );
  t.is(await post({ 'X-XSRF-TOKEN': token, 'Sec-Fetch-Site': 'same-site' }), 403);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
  await context.close();
});
