import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { chromium as browserType, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { MitosisClient } from '@mitosis/client';
import type { TaskReceipt } from '@mitosis/protocol';
import { chromium, eventually, fileScope, tempDir } from '@mitosis/testing';
import { findViolations } from './harness/find-violations.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
const HOSTILE = '<script>document.title="owned"</script><img src=x onerror=alert(1)>\u202egpj.exe';
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
  // The browser shares the machine with all the other tests.
  context.setDefaultTimeout(60_000);
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

test.serial(
  'a person signs in, filters tasks by the keyboard, and cancels exactly those that are ticked',
  async (t) => {
    const long = await submit('--name', 'long', '--', 'sleep', '600');
    await submit('--name', HOSTILE, '--after', long.uuid, '--', 'true');
    await submit('--name', 'stays', '--after', long.uuid, '--', 'true');
    const wrong = await visit();
    await wrong.page.goto(stack.ready.url);
    await wrong.page.getByLabel('User').fill('nobody');
    await wrong.page.getByLabel('Password').fill('wrong');
    await accessible(t, wrong.page, 'the sign-in');
    await wrong.page.getByRole('button', { name: 'Sign in' }).click();
    await wrong.page.getByRole('alert').getByText('the user name or the password is wrong').waitFor();
    await wrong.context.close();

    const { page, context, complaints } = await admin();
    await open(page, 'tasks', 'Tasks');
    await page.keyboard.press('/');
    await page.keyboard.type('owned');
    await page.getByText('1 task match').waitFor();
    await page.getByRole('table', { name: 'Tasks' }).getByText('owned').waitFor();
    t.regex(page.url(), /text=owned/);
    t.is(await page.title(), 'Tasks · Mitosis', 'the name of a task is text');
    await accessible(t, page, 'the tasks');
    await page.locator('h1').click();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'Cancel …' }).click();
    await page.getByRole('button', { name: 'Cancel 1 task' }).click();
    await page.getByText('1 task cancelled.', { exact: true }).waitFor();
    t.is((await stack.json<{ state: string }>('tasks', 'query', '--name', 'stays')).state, 'pending');
    t.deepEqual(complaints, []);
    await context.close();
  },
);

test.serial('live output continues over a restart of the coordinator, each line once', async (t) => {
  const { uuid } = await submit(
    '--name',
    'counts',
    '--shell',
    'for i in $(seq 1 200); do echo "line $i"; sleep 0.1; done',
  );
  const { page, context } = await admin();
  await open(page, `task/${uuid}`, 'counts');
  await page.getByText('line 3', { exact: true }).waitFor();
  process.kill(stack.ready.pids.coordinator, 'SIGKILL');
  await page.getByText('line 200', { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByText('completed').first().waitFor();
  t.is(await page.getByText('line 199', { exact: true }).count(), 1);
  await page.getByRole('button', { name: 'Beginning' }).click();
  await page.getByText('line 1', { exact: true }).waitFor();
  await page.getByText('200 lines', { exact: true }).waitFor();
  await accessible(t, page, 'a task');
  await context.close();
});

test.serial(
  'a sweep is a table and plots, its failures are grouped, and a look into its artifacts runs nothing',
  async (t) => {
    const script = [
      'echo "{\\"step\\": 1, \\"loss\\": {lr}}" > $MITO_RESULT_DIR/metrics.jsonl',
      'printf "a,b\\n<b>1</b>,2\\n" > $MITO_RESULT_DIR/t.csv',
      '[ {lr} != 3 ] || { echo "CUDA out of memory at 0x12" >&2; exit 2; }',
    ].join('; ');
    const receipt = await stack.json<{ uuid: string }>(
      'tasks',
      'submit',
      '--name',
      'sweep',
      '--sweep',
      'lr=0.1,0.3,1,3',
      '--shell',
      script,
    );
    const { page, context, complaints } = await admin();
    await open(page, `job/${receipt.uuid}`, 'sweep');
    await page.getByText('1 ×').waitFor();
    await page.getByText('CUDA out of memory at 0x12').first().waitFor();
    await page.getByRole('figure', { name: 'loss by lr, 4 tasks' }).waitFor();
    await accessible(t, page, 'a scatter plot');
    const results = page.getByRole('table', { name: 'Results' });
    await results.getByRole('button', { name: 'lr', exact: true }).click();
    await results.locator('th[aria-sort=ascending]').waitFor();
    await results.getByRole('button', { name: 'lr', exact: true }).click();
    await results.locator('tbody tr').first().getByText('failed').waitFor();
    for (const kind of ['Box plot', 'Parallel coordinates', 'Curves']) {
      await page.getByRole('button', { name: kind }).click();
      await page
        .locator(kind === 'Curves' ? '.uplot canvas' : 'svg.plot')
        .first()
        .waitFor();
    }
    await page.getByLabel('Search what the tasks have printed').fill('cuda OUT of');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.locator('.output-matches mark').getByText('CUDA out of', { exact: true }).waitFor();
    await page.getByText('1 line in 4 outputs searched').waitFor();
    await accessible(t, page, 'a job');
    await results.getByRole('link').last().click();
    await page.getByRole('button', { name: 'Look into result' }).click();
    await page.getByRole('button', { name: 't.csv' }).click();
    await page.getByRole('cell', { name: '<b>1</b>' }).waitFor();
    t.deepEqual(complaints, []);
    await context.close();
  },
);

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

test.serial('the limits of a sweep, what it used, and the files of a running task are shown and offered', async (t) => {
  const { page, context, complaints } = await admin();
  await open(page, 'submit', 'Submit');
  await page.getByLabel('Command').fill('echo {n} > seen.txt; sleep 600');
  await page.getByLabel('Sweep').fill('n=1,2');
  await page.getByText('Resources', { exact: true }).click();
  await page.getByLabel('Memory').fill('64');
  await page.getByText('did you mean 64GiB').waitFor();
  await page.getByLabel('Memory').fill('64MiB');
  await page.getByText('Limits of a sweep, warnings').click();
  await page.getByLabel('Running at a time').fill('1');
  await page.getByLabel('Requeue on').fill('lost, 75');
  await page.getByText('--mem 64MiB --at-once 1 --requeue-on lost,75').waitFor();
  await accessible(t, page, 'the form with its limits');
  await page.getByRole('button', { name: 'Submit 2 tasks' }).click();
  await page.getByText('at most 1 task', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Limits …' }).click();
  await page.getByLabel('Failures allowed').fill('no');
  await page.getByRole('button', { name: 'Change the limits' }).click();
  await page.getByText('Failures allowed: write a whole number').waitFor();
  await page.getByLabel('Failures allowed').fill('3');
  await page.getByRole('button', { name: 'Change the limits' }).click();
  await page.getByText('3 tasks; then the rest is cancelled').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('The limits are as before.').waitFor();
  const uuid = page.url().split('/').at(-1) ?? '';
  const { max_fails: maxFails } = await stack.json<{ max_fails: number | null }>('jobs', 'get', uuid);
  t.is(maxFails, null);

  await page.getByRole('link', { name: '1 task', exact: true }).first().click();
  await page.getByRole('table', { name: 'Tasks' }).getByRole('link').first().click();
  await page.getByText('64.0 MiB memory').waitFor();
  await page.getByText('lost, exit code 75; at most 100').waitFor();
  await page.getByRole('button', { name: 'Look at its files' }).click();
  await page.getByRole('button', { name: 'exec/' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download seen.txt' }).click();
  t.is((await download).suggestedFilename(), 'seen.txt');
  t.regex(await readFile(await (await download).path(), 'utf8'), /^[12]\n$/);
  await accessible(t, page, 'a running task with its files');
  await page.getByRole('link', { name: 'Run again with changes' }).click();
  await page.getByText('--mem 64MiB --requeue-on lost,75').waitFor();
  t.is(await page.getByLabel('Memory').inputValue(), '64MiB');
  await stack.json('jobs', 'cancel', uuid);

  await open(page, 'account', 'Account');
  await page.getByRole('button', { name: 'Add a receiver …' }).click();
  await page.getByLabel('Name').fill('me-by-mail');
  await page.getByLabel('Kind').selectOption('mail');
  await page.getByLabel('To', { exact: true }).fill('nobody');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('is not a mail address').waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
  await open(page, `group/${stack.ready.admin.username}`, stack.ready.admin.username);
  await page.getByRole('table', { name: 'Usage' }).getByText(stack.ready.admin.username).waitFor();
  await accessible(t, page, 'a group with its usage');
  // The browser reports the response to the mail address that was refused.
  t.deepEqual(
    complaints.filter((text) => !text.includes('400')),
    [],
  );
  await context.close();
});

test.serial('somebody who may only read is offered nothing else, and every page passes', async (t) => {
  const { username } = stack.ready.admin;
  const { url } = stack.ready;
  const { token } = await new MitosisClient({ url }).login(username, stack.ready.admin.password);
  const { access } = new MitosisClient({ url, token });
  await access.createUser({ username: 'reader', password: PASSWORD });
  await access.updateMembers(username, { reader: 'read' });
  await access.setGroupState('reader', 'locked');
  const { page, context, complaints } = await signIn('reader', PASSWORD);
  const other = await submit('--name', 'other', '--', 'sleep', '600');
  const { uuid } = await submit('--name', 'waits', '--after', other.uuid, '--', 'true');
  await open(page, `task/${uuid}`, 'waits');
  await page.getByText('Why it waits').waitFor();
  t.is(await page.getByRole('button', { name: /Cancel/ }).count(), 0);
  t.is(await page.getByRole('link', { name: 'Run again with changes' }).count(), 0);
  for (const name of ['Administration', 'Submit']) t.is(await page.getByRole('link', { name }).count(), 0, name);
  await open(page, 'tasks', 'Tasks');
  await page.getByRole('link', { name: 'waits' }).waitFor();
  t.is(await page.getByRole('table').getByRole('checkbox').count(), 0, 'nothing that could be done with rows');
  await open(page, 'workers', 'Workers');
  await page.getByRole('table', { name: 'Workers' }).waitFor();
  t.is(await page.getByRole('button', { name: /Add a worker/ }).count(), 0);
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
