import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { eventually, fileScope } from '@mitosis/testing';
import { executorFixture, hasPrinted, sh, type ExecutorFixture, type Started } from './conformance/executor-fixture.js';
import { cleanScratch } from './index.js';

const file = fileScope(test);
let fixture: ExecutorFixture;
test.before(async () => {
  fixture = await executorFixture(file);
});

const never = new AbortController().signal;

async function followed({ execution }: Started, from: number, signal = never): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let at = from;
  await execution.follow(
    from,
    async (bytes, offset) => {
      if (offset !== at) throw new Error(`a piece begins at ${offset} instead of ${at}`);
      at += bytes.length;
      chunks.push(Buffer.from(bytes));
    },
    signal,
  );
  return Buffer.concat(chunks);
}

const CHATTER = sh(
  'i=0; while [ $i -lt 400 ]; do echo line $i; echo err $i >&2; i=$((i+1)); done; sleep 0.2; echo end',
);

test.serial('followers see all of the output from their offset on, while it is written and afterwards', async (t) => {
  const started = await fixture.start(CHATTER);
  const live = await Promise.all(
    [0, 1, 500, 1000].map(async (from) => ({ from, bytes: await followed(started, from) })),
  );
  const { outputBytes } = await started.result;
  const spool = await readFile(started.scratch.spoolPath);
  t.is(spool.length, outputBytes);
  for (const { from, bytes } of live) t.deepEqual(bytes, spool.subarray(from));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: outputBytes }), async (from) => {
      t.deepEqual(await followed(started, from), spool.subarray(from));
    }),
  );
});

test.serial('output reaches a follower long before the program ends', async (t) => {
  const { execution, result } = await fixture.start(sh('echo first; sleep 3600'));
  await new Promise<void>((resolve, reject) => {
    execution.follow(0, async () => resolve(), never).catch(reject);
  });
  execution.cancel('seen');
  t.is((await result).outcome, 'cancelled');
});

test.serial('a slow follower slows neither the program nor another follower', async (t) => {
  const started = await fixture.start(['head', '-c', '20000000', '/dev/zero']);
  const gate = new AbortController();
  let pieces = 0;
  const slow = started.execution.follow(
    0,
    async (_, offset) => {
      pieces++;
      if (offset > 0) await new Promise((resolve) => gate.signal.addEventListener('abort', resolve, { once: true }));
    },
    gate.signal,
  );
  t.is((await followed(started, 0)).length, (await started.result).outputBytes);
  t.is(pieces, 2);
  gate.abort();
  await slow;
});

test.serial('an aborted follower ends at once', async (t) => {
  const { execution, scratch, result } = await fixture.start(sh('echo ready; sleep 3600'));
  await hasPrinted(scratch, 'ready');
  const gate = new AbortController();
  let got = 0;
  const following = execution.follow(0, async (bytes) => void (got += bytes.length), gate.signal);
  await eventually(() => got > 0, { message: 'nothing was delivered' });
  gate.abort();
  await following;
  execution.cancel('done');
  t.is((await result).outcome, 'cancelled');
});

test.serial('a follower that leaves takes nothing from one that stays', async (t) => {
  const script = 'echo first; while [ ! -e go ]; do sleep 0.02; done; echo second; sleep 3600';
  const { execution, scratch, result } = await fixture.start(sh(script));
  const [leaver, stayer] = [new AbortController(), new AbortController()];
  const seen = { leaver: '', stayer: '' };
  const leaving = execution.follow(0, async (bytes) => void (seen.leaver += bytes.toString()), leaver.signal);
  const staying = execution.follow(0, async (bytes) => void (seen.stayer += bytes.toString()), stayer.signal);
  await eventually(() => seen.leaver.includes('first'), { message: 'nothing was delivered' });
  leaver.abort();
  await leaving;
  await writeFile(join(scratch.execDir, 'go'), '');
  await eventually(() => seen.stayer.includes('second'), { message: 'the other follower hears no more' });
  t.false(seen.leaver.includes('second'));
  stayer.abort();
  await staying;
  execution.cancel('done');
  t.is((await result).outcome, 'cancelled');
});

test.serial("a follower's own error ends it and nothing else", async (t) => {
  const started = await fixture.start(sh('echo out; sleep 0.2'));
  const failing = started.execution.follow(0, () => Promise.reject(new Error('reader is gone')), never);
  await t.throwsAsync(failing, { message: 'reader is gone' });
  t.like(await started.result, { outcome: 'exited', exitCode: 0 });
});

test.serial('an offset past the end is refused, the end itself is not', async (t) => {
  const started = await fixture.start(['echo', 'x']);
  const { outputBytes } = await started.result;
  t.is((await followed(started, outputBytes)).length, 0);
  await t.throwsAsync(followed(started, outputBytes + 1), { code: 'invalid_offset' });
  await t.throwsAsync(followed(started, -1), { code: 'invalid_offset' });
});

test.serial('output that was removed is said to be gone', async (t) => {
  const started = await fixture.start(['echo', 'x']);
  await started.result;
  await cleanScratch(started.scratch);
  await t.throwsAsync(followed(started, 0), { code: 'output_gone' });
});

test.serial('a spool that its task replaced by a link is not followed there', async (t) => {
  const started = await fixture.start(
    sh('echo secret; sleep 0.1; rm ../output.spool; ln -s /etc/passwd ../output.spool'),
  );
  await started.result;
  await t.throwsAsync(followed(started, 0), { code: 'output_gone' });
});
