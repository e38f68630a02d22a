import test from 'ava';
import { createLog, LossyLog } from './process-log.js';

function logged(fields: object, level = 'info'): { text: string; line: Record<string, unknown> } {
  let text = '';
  createLog(level, 'test', { write: (chunk: string) => (text += chunk) }).info(fields, 'said');
  return { text, line: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

const SECRET = 'do-not-show-this';

const hidden = test.macro({
  exec(t, fields: object) {
    const { text } = logged(fields);
    t.regex(text, /said/);
    t.false(text.includes(SECRET), text);
  },
  title: (what) => `a log shows no secret: ${what}`,
});

test('a field', hidden, { password: SECRET, token: SECRET, lease: SECRET });
test('a field of an object', hidden, {
  headers: { authorization: SECRET, cookie: SECRET },
  spec: { env: { KEY: SECRET } },
});
test('the address of a database in an error', hidden, {
  err: new Error(`connecting to postgres://mito:${SECRET}@db/mito failed`),
});
test('an address in the cause of an error', hidden, {
  err: new Error('no queue', { cause: new Error(`redis://:${SECRET}@queue`) }),
});
test('a bearer token in an error', hidden, { err: new Error(`refused: Bearer ${SECRET}`) });
test('a field of an error', hidden, { err: Object.assign(new Error('odd'), { config: { password: SECRET } }) });

test('a line names the process, and the ids that it is about', (t) => {
  t.like(logged({ request: 'r-1', task: 't-1' }).line, { name: 'test', request: 'r-1', task: 't-1', msg: 'said' });
  t.is(logged({}, 'warn').text, '', 'below the level nothing is said');
});

test('a line that can not be written is lost, never an error, and how many were is said when there is room', (t) => {
  let isFull = false;
  let text = '';
  const write = (line: string): void => {
    if (isFull) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    text += line;
  };
  const log = createLog('info', 'test', new LossyLog({ write }, 'test'));
  log.info('before');
  isFull = true;
  for (let count = 0; count < 3; count += 1) t.notThrows(() => log.info('lost'));
  isFull = false;
  log.info('after');
  const messages = text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  t.deepEqual(messages, ['before', '3 lines of this log could not be written and are lost', 'after']);
});
