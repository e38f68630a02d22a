import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { Browser, Locator, Page } from 'playwright-core';
import type { ClaimedTask } from '@mitosis/protocol';
import { eventually, fileScope } from '@mitosis/testing';
import { fromPage, furnish, launchBrowser, picture, queuePath, signIn, submitAs } from './testing/board-visit.js';
import { consumeFrom } from './testing/consume-from.js';
import {
  BACKENDS,
  connectWorker,
  coordinatorFixture,
  reportOf,
  type Backend,
  type CoordinatorFixture,
} from './testing/coordinator-fixture.js';

const file = fileScope(test);
const coordinators = new Map<Backend, CoordinatorFixture>();
let browser: Browser;

test.before(async () => {
  browser = await launchBrowser(file);
  for (const backend of BACKENDS) {
    const coordinator = await coordinatorFixture(file, backend);
    coordinators.set(backend, coordinator);
    await furnish(coordinator);
  }
});

interface Scene {
  readonly t: ExecutionContext;
  readonly backend: Backend;
  readonly coordinator: CoordinatorFixture;
  /** Signed in as an administrator. */
  readonly page: Page;
}

function onEachBoard(title: string, run: (scene: Scene) => Promise<void>, username = 'mitosis_admin'): void {
  for (const backend of BACKENDS) {
    test.serial(`${backend}: ${title}`, async (t) => {
      const coordinator = coordinators.get(backend) as CoordinatorFixture;
      const { page, context, complaints } = await signIn(browser, coordinator, username);
      await run({ t, backend, coordinator, page });
      t.deepEqual(complaints, [], 'nothing that is offered is refused');
      await context.close();
    });
  }
}

/** A task of `vision` for the tags, and what the board says of its job. */
async function queued({ coordinator, page }: Scene, tags: string[]) {
  const uuid = await submitAs(coordinator, 'vision', tags);
  const title = `vision: ${tags.toSorted().join(', ')}`;
  const job = `${queuePath(title, '/board/api/queues')}/${uuid}-1`;
  const isThere = async (): Promise<boolean> => (await page.request.get(coordinator.url + job)).status() === 200;
  await eventually(isThere, { message: 'the job on the board' });
  const state = async () => (await coordinator.api.getTask(uuid)).state;
  const why = async () => (await coordinator.api.explainTask(uuid)).summary;
  return { uuid, title, job, isThere, state, why };
}

async function open({ page, coordinator }: Scene, title: string, status = 'prioritized'): Promise<void> {
  await page.goto(`${coordinator.url}${queuePath(title, '/board/queue')}?status=${status}`);
  await page.getByRole('heading', { name: title }).or(page.getByText(title)).first().waitFor();
}

/** The buttons of the first job that can be seen. */
function jobButtons(page: Page): Locator {
  return page.locator('ul[class^="jobActions"]').first().locator('button:visible');
}

async function confirm(page: Page): Promise<void> {
  await page.getByRole('alertdialog').getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
}

/** The menu beside the tabs: of the queue that is open, or of all of them. */
async function openMenu(page: Page): Promise<Locator> {
  await page
    .locator('main button:has(.lucide-ellipsis-vertical), section button:has(.lucide-ellipsis-vertical)')
    .first()
    .click();
  await page.getByRole('menu').waitFor();
  return page.locator('[role="menuitem"]:visible');
}

async function choose(page: Page, item: string): Promise<void> {
  await openMenu(page);
  await page.getByRole('menuitem', { name: item, exact: true }).click();
  await confirm(page);
}

const AGAIN = { timeoutMs: 20_000, message: 'the job was not put back' };

onEachBoard('an administrator is offered what is allowed and nothing else', async (scene) => {
  const { t, page, backend } = scene;
  const { title } = await queued(scene, ['offered']);
  await open(scene, title);
  await jobButtons(page).first().waitFor();
  t.is(await jobButtons(page).count(), 1, 'a waiting job can be removed');
  t.deepEqual(await (await openMenu(page)).allInnerTexts(), ['Pause', 'Empty', 'Obliterate']);
  await picture(page, `${backend}-admin-menu`);
});

onEachBoard(
  'a member is offered no action',
  async ({ t, page, coordinator, backend }) => {
    await page.goto(`${coordinator.url}${queuePath('vision: cuda12.1, gpu', '/board/queue')}?status=prioritized`);
    await page.getByText('hello vision').first().waitFor();
    await picture(page, `${backend}-member-jobs`);
    t.is(await page.locator('ul[class^="jobActions"]').count(), 0);
    t.is(await page.locator('button:has(.lucide-ellipsis-vertical)').count(), 0);
    await page.goto(`${coordinator.url}/board`);
    t.deepEqual(await (await openMenu(page)).allInnerTexts(), ['Sort by']);
  },
  'ada',
);

onEachBoard('a job that is removed comes back, for the task is still to run', async (scene) => {
  const { t, page } = scene;
  const { title, isThere, state } = await queued(scene, ['removed']);
  await open(scene, title);
  await jobButtons(page).first().click();
  await confirm(page);
  await eventually(async () => !(await isThere()), { message: 'the job is still there' });
  t.is(await state(), 'ready');
  await eventually(isThere, AGAIN);
  t.is(await state(), 'ready');
});

onEachBoard('a queue that is emptied is filled again', async (scene) => {
  const { t, page } = scene;
  const { title, isThere, state } = await queued(scene, ['emptied']);
  await open(scene, title);
  await choose(page, 'Empty');
  await eventually(async () => !(await isThere()), { message: 'the job is still there' });
  await eventually(isThere, AGAIN);
  t.is(await state(), 'ready');
});

onEachBoard('a paused queue says so to everybody and delivers when it is resumed', async (scene) => {
  const { t, page, coordinator, backend } = scene;
  const { title, uuid, why } = await queued(scene, ['paused']);
  await open(scene, title);
  await choose(page, 'Pause');
  await page.getByText('Paused').first().waitFor();
  await picture(page, `${backend}-admin-paused`);
  t.is(await why(), `its queue "${title}" is paused on the board`);
  const going = await consumeFrom(t, coordinator, 'vision~going', async () => {});
  const other = await queued(scene, ['going']);
  const got = await consumeFrom(t, coordinator, 'vision~paused', async () => {});
  await eventually(() => going.includes(other.uuid), { message: 'the job of another queue' });
  t.deepEqual(got, []);
  await choose(page, 'Resume');
  await eventually(() => got.includes(uuid), { message: 'the job after the queue was resumed' });
  t.not(await why(), `its queue "${title}" is paused on the board`);
});

onEachBoard('all queues are paused and resumed at once', async (scene) => {
  const { t, page, coordinator } = scene;
  const { why, title } = await queued(scene, ['all']);
  await page.goto(`${coordinator.url}/board`);
  await page.getByText(title).first().waitFor();
  await choose(page, 'Pause all');
  await eventually(async () => (await why()).endsWith('is paused on the board'), {
    message: 'the queue is not paused',
  });
  await choose(page, 'Resume all');
  await eventually(async () => !(await why()).endsWith('is paused on the board'), {
    message: 'the queue is still paused',
  });
  t.pass();
});

onEachBoard('an obliterated queue comes back with its jobs, and is no longer paused', async (scene) => {
  const { t, page } = scene;
  const { title, isThere, state, why } = await queued(scene, ['obliterated']);
  await open(scene, title);
  await choose(page, 'Pause');
  await page.getByText('Paused').first().waitFor();
  await choose(page, 'Obliterate');
  await eventually(async () => !(await isThere()), { message: 'the job is still there' });
  await eventually(isThere, AGAIN);
  t.is(await state(), 'ready');
  t.notRegex(await why(), /paused/);
});

onEachBoard('a job of a finished task that is retried is dropped by the worker, and can be cleaned', async (scene) => {
  const { t, page, coordinator, backend } = scene;
  const worker = await connectWorker(coordinator, { tags: ['retried'], groups: ['vision'] });
  const claims: number[] = [];
  const { uuid, title, job, isThere, state } = await queued(scene, ['retried']);
  const run = async (task: string): Promise<void> => {
    const claimed = await worker.claim([{ task, request: randomUUID() }]);
    claims.push(claimed.length);
    if (claimed.length > 0) await worker.report(claimed.map((one: ClaimedTask) => reportOf(one, 0)));
  };
  await consumeFrom(t, coordinator, 'vision~retried', run);
  await eventually(async () => (await state()) === 'completed', { message: 'the task has not ended' });
  await open(scene, title, 'completed');
  await page.getByText('hello vision').first().waitFor();
  t.is(await jobButtons(page).count(), 2, 'a finished job can be retried and removed');
  await picture(page, `${backend}-admin-completed`);
  await jobButtons(page).first().click();
  await confirm(page);
  await eventually(() => claims.length === 2, { message: 'the job was not delivered again' });
  t.deepEqual(claims, [1, 0], 'the second claim got nothing');
  t.like(await coordinator.api.getTask(uuid), { state: 'completed', attempt: 1 });
  const clean = `${queuePath(title, '/board/api/queues')}/clean/completed`;
  await eventually(
    async () => {
      t.is(await fromPage(page, 'PUT', clean), 200);
      return !(await isThere());
    },
    { timeoutMs: 20_000, message: `${job} is still there` },
  );
  t.is(await state(), 'completed');
});
