import { randomUUID } from 'node:crypto';
import test from 'ava';
import { MitoError, type Log } from '@mitosis/domain';
import type { Execution } from '@mitosis/executor';
import type { FromWorker } from '@mitosis/protocol';
import { eventually, silentLog } from '@mitosis/testing';
import { Terminals } from './terminals.js';

const ATTEMPT = { task: '0191f1f0-0000-7000-8000-000000000000', attempt: 1 };

/** Terminals of one attempt whose program notes what is typed, once it reads. */
function scene({ reads = Promise.resolve(), error }: { reads?: Promise<void>; error?: Error } = {}) {
  const typed: string[] = [];
  const answers: FromWorker[] = [];
  const operateTerminal: Execution['operateTerminal'] = async ({ data }) => {
    if (error) throw error;
    if (data) typed.push(Buffer.from(data).toString());
    await reads;
    return 99;
  };
  const execution = { operateTerminal, outputBytes: async () => 99 } as Partial<Execution> as Execution;
  const log: Log = silentLog;
  const terminals = new Terminals({ execution: async () => execution }, (message) => answers.push(message), log);
  const type = (session: string, offset: number, text: string): void =>
    terminals.operate({
      type: 'terminal',
      request: randomUUID(),
      attempt: ATTEMPT,
      typed: { session, offset, data_base64: Buffer.from(text).toString('base64') },
    });
  const answered = async (count: number): Promise<FromWorker[]> => {
    await eventually(() => answers.length >= count, { message: `${count} messages` });
    return answers;
  };
  return { typed, type, answered };
}

test('what comes twice is typed once, also when only a part of it is new', async (t) => {
  const { typed, type, answered } = scene();
  const session = randomUUID();
  type(session, 0, 'abc');
  type(session, 0, 'abc');
  type(session, 0, 'abcde');
  t.like(await answered(3), [{ taken: 3, offset: 99 }, { taken: 3 }, { taken: 5 }]);
  t.is(typed.join(''), 'abcde');
});

test('two people type side by side', async (t) => {
  const { typed, type, answered } = scene();
  type(randomUUID(), 0, 'x');
  type(randomUUID(), 0, 'y');
  await answered(2);
  t.deepEqual(typed, ['x', 'y']);
});

test('there is no answer before the program reads, and the same answer for who asks again', async (t) => {
  let read = (): void => {};
  const { typed, type, answered } = scene({ reads: new Promise((resolve) => (read = resolve)) });
  const session = randomUUID();
  type(session, 0, 'abc');
  type(session, 0, 'abc');
  t.is((await answered(0)).length, 0);
  read();
  t.like(await answered(2), [{ taken: 3 }, { taken: 3 }]);
  t.deepEqual(typed, ['abc']);
});

test('a gap is refused, and so is everything after the end', async (t) => {
  const { typed, type, answered } = scene();
  type(randomUUID(), 5, 'abc');
  t.like(await answered(1), [{ refusal: 'input_gap' }]);
  t.deepEqual(typed, []);
  const over = scene({ error: new MitoError('conflict', 'execution_ended', 'over') });
  over.type(randomUUID(), 0, 'abc');
  t.like(await over.answered(1), [{ refusal: 'terminal_ended' }]);
});
