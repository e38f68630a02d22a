// oxlint-disable no-control-regex -- control characters are what it is about
import { PassThrough } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import { MitoError } from '@mitosis/domain';
import { describeTask } from './describe-task.js';
import { paintFor } from './paint.js';
import { tableText } from './print-table.js';
import { reportError } from './report-error.js';
import { cleanLines, drawn, harmless, harmlessValue, jsonLine, say, useLocale, writeData } from './say.js';
import { shorten } from './text-width.js';

/** What terminals obey: ESC and C1 sequences, other control characters, marks of direction. */
const HOSTILE = [
  '\u001b]0;title\u0007',
  '\u001b[2J',
  '\u009b31m',
  '\u001b[8m',
  '\u202e',
  '\u2066',
  '\r',
  '\u0000',
  '\u007f',
  '\u2028',
  '\ud83d',
];
const OBEYED = /[\p{Bidi_Control}\u2028\u2029]|(?!\r\n|[\n\t])\p{Cc}/u;
const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE, '\n', 'a')))
  .map((parts) => parts.join(''));

function written(write: (stream: PassThrough) => unknown, isTTY = false): string {
  const stream = Object.assign(new PassThrough(), { isTTY });
  write(stream);
  return (stream.read() as Buffer | null)?.toString() ?? '';
}

test('nothing that is said drives a terminal, whatever it is made of', (t) => {
  const isClean = fc.property(text, (value) => {
    const all = [
      cleanLines(value).replace(/\u001b\[(?:0|1|2|22|3[1-69]|4[19]|90)m/g, ''),
      harmless(value),
      jsonLine({ [value]: value }),
      written((stream) => say(stream, value)).replace(/\u001b\[\d+m/g, ''),
      written((stream) => writeData(stream, value), true).replace(/\u001b\[\d+m/g, ''),
      written((stderr) =>
        reportError(new MitoError('invalid', 'x' as string, value.replaceAll('\u001b', '\u009b')), {
          stderr,
          isJson: false,
        }),
      ),
    ];
    return all.every((shown) => !OBEYED.test(shown));
  });
  t.notThrows(() => fc.assert(isClean));
});

test('a field has one line, so that it can forge none', (t) => {
  const isOne = fc.property(text, (value) => {
    const task = harmlessValue({ name: value, list: [value], deep: { [value]: value } });
    return !JSON.stringify(task).includes('\\n') && tableText(['A'], [[value]], 0).split('\n').length === 3;
  });
  t.notThrows(() => fc.assert(isOne));
});

test('JSON has every value as it is', (t) => {
  const isExact = fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (value) => {
    t.deepEqual(JSON.parse(jsonLine(value)), JSON.parse(JSON.stringify(value)));
  });
  t.notThrows(() => fc.assert(isExact));
});

test('data goes as it is into a pipe, and harmless to a terminal', (t) => {
  const csv = 'a,b\r\n"\u001b[2J",2\r\n';
  t.is(
    written((stream) => writeData(stream, csv)),
    csv,
  );
  t.is(
    written((stream) => writeData(stream, csv), true),
    'a,b\r\n"�[2J",2\r\n',
  );
});

test('our own colours stay, others do not', (t) => {
  const paint = paintFor(new PassThrough(), { FORCE_COLOR: '1' });
  const shown = `${paint.green('ok')} ${paint.dim('x')} ${paint.bold('y')}`;
  t.is(cleanLines(shown), shown);
  t.is(cleanLines('\u001b[8mhidden\u001b[5m'), '�[8mhidden�[5m');
});

test('what follows the first line of an error can pass for no line of ours', (t) => {
  const error = new MitoError('invalid', 'x' as string, 'bad\nmito: all is well');
  t.is(
    written((stderr) => reportError(error, { stderr, isJson: false })),
    'mito: bad\n      mito: all is well\n',
  );
});

test('a signal, a name and a reason of others are shown in their line', (t) => {
  const hostile = 'a\u001b[2J\nstate completed';
  const task = {
    uuid: 'u',
    name: hostile,
    state: 'failed',
    message: hostile,
    group: 'g',
    creator: 'c',
    args: ['x'],
    tags: [],
    labels: [hostile],
    priority: 0,
    cwd: null,
    params: null,
    job: null,
    upstream: null,
    needs: [],
    warn_before_ms: null,
    checkpoint_every_ms: null,
    requeue_on: [],
    notify: null,
    retried_by: null,
    progress: null,
    progress_message: null,
    cancel_requested_at: null,
    cancel_reason: null,
    cancelled_by: null,
    created_at: '2026-11-28T12:00:00Z',
    started_at: null,
    finished_at: null,
    exit_code: null,
    signal: hostile,
    reason: 'signal',
    not_kept: [{ kind: 'result', why: hostile }],
    artifacts: [{ kind: 'result', size_bytes: 1, sha256: 'ab', skipped: [{ path: hostile, why: 'a named pipe' }] }],
  };
  const shown = describeTask(harmlessValue(task) as never, paintFor(new PassThrough(), {}));
  t.regex(shown, /^left out {3}result {2}.*: a named pipe$/m);
  t.false(OBEYED.test(shown));
  t.false(shown.split('\n').some((line) => line.startsWith('state completed')));
});

test.serial('with LC_ALL=C what we draw is ASCII', (t) => {
  const ascii = [{ LC_ALL: 'C' }, { LC_ALL: '', LC_CTYPE: 'POSIX', LANG: 'de_DE.UTF-8' }, { LANG: 'de_DE.ISO-8859-1' }];
  for (const env of ascii) {
    useLocale(env);
    t.is(drawn('█░'), '#.');
    t.is(shorten('abcdef', 4), 'abc~');
  }
  for (const env of [{}, { LANG: 'C.UTF-8' }, { LC_ALL: 'de_DE.utf8', LANG: 'C' }]) {
    useLocale(env);
    t.is(drawn('█░'), '█░');
  }
});
