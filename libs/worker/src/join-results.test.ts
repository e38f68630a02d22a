import { readdir, readFile, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import type { Scratch } from '@mitosis/executor';
import { encodeFrame, type ClaimedTask, type SubtaskResults } from '@mitosis/protocol';
import { silentLog, tempDir } from '@mitosis/testing';
import { joinResults, type JoinResultsDeps } from './join-results.js';

const NOWHERE = {
  method: 'GET' as const,
  url: 'http://localhost/',
  headers: {},
  expires_at: '2100-01-01T00:00:00.000Z',
};

/** As the coordinator has it: output with something on stderr in between. */
function framesOf(text: string): Buffer {
  const half = Math.ceil(text.length / 2);
  const pieces = [text.slice(0, half), text.slice(half)].flatMap((part) => part.match(/[^]{1,60000}/g) ?? []);
  return Buffer.concat(
    pieces.flatMap((part) => [
      encodeFrame('stdout', Buffer.from(part)),
      encodeFrame('stderr', Buffer.from('a remark')),
    ]),
  );
}

/** Serves from memory what a coordinator and a store would, three results at a time. */
function clientOf(texts: readonly string[]): JoinResultsDeps['client'] {
  const frames = texts.map(framesOf);
  const toResult = (bytes: Buffer, index: number): SubtaskResults['results'][number] =>
    bytes.length < 1_000
      ? { stored: 'inline', frames_base64: bytes.toString('base64') }
      : {
          stored: 'object',
          size_bytes: bytes.length,
          sha256: '',
          download: { ...NOWHERE, url: `http://localhost/${index}` },
        };
  const at = (url: string): Buffer => frames[Number(url.split('/').at(-1))] ?? Buffer.alloc(0);
  return {
    subtaskResults: async ({ from }) => ({ results: frames.map(toResult).slice(from, from + 3) }),
    fetchShort: async ({ url }) => at(url),
    download: async ({ sign }, file) => writeFile(file, at((await sign()).url)),
  };
}

async function join(
  t: ExecutionContext,
  texts: readonly string[],
  limitBytes?: number,
): Promise<{ joined: Buffer; dir: string }> {
  const dir = await tempDir(t);
  const claim = {
    task: 't',
    attempt: 1,
    lease: 'l',
    workload: { step: 'reduce', max_subtasks: 10, subtasks: texts.length },
  } as unknown as ClaimedTask;
  const deps = { client: clientOf(texts), log: silentLog, ...(limitBytes !== undefined && { limitBytes }) };
  const file = await joinResults(deps, claim, { dir } as Scratch, new AbortController().signal);
  return { joined: await readFile(file), dir };
}

const LONG = 'x'.repeat(5 * 2 ** 20);

test('results are put together in their order, each with its length, whether short, long or empty', async (t) => {
  const texts = ['one', '', LONG, 'y'.repeat(5_000), 'last'];
  const { joined, dir } = await join(t, texts);
  const expected = texts.flatMap((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return [length, Buffer.from(text)];
  });
  t.true(joined.equals(Buffer.concat(expected)));
  t.deepEqual(await readdir(dir), ['subtask-results']);
});

test('more than reduce can read is refused with the limit', async (t) => {
  await t.notThrowsAsync(join(t, ['12345', '67890'], 10));
  await t.throwsAsync(join(t, ['12345', '678901'], 10), {
    code: 'results_too_large',
    message: /more than 10 bytes together/,
  });
});

test('a result that is not there is an error, not an endless wait', async (t) => {
  const dir = await tempDir(t);
  const claim = {
    task: 't',
    attempt: 1,
    lease: 'l',
    workload: { step: 'reduce', max_subtasks: 10, subtasks: 2 },
  } as unknown as ClaimedTask;
  const joining = joinResults(
    { client: clientOf(['one']), log: silentLog },
    claim,
    { dir } as Scratch,
    new AbortController().signal,
  );
  await t.throwsAsync(joining, { message: /no result of subtask 1/ });
});
