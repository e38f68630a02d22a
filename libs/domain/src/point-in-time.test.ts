import { execFile } from 'node:child_process';
import { env, execPath } from 'node:process';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { parsePointInTime } from './index.js';

const run = promisify(execFile);
const MODULE = new URL('./index.js', import.meta.url).href;

/** What `texts` mean to a reader in `zone`, seen at `now`: the zone of a process is read once, when it starts. */
async function seenIn(zone: string, now: string, texts: readonly string[]): Promise<string[]> {
  const script = `
    const { parsePointInTime } = await import(${JSON.stringify(MODULE)});
    const now = new Date(${JSON.stringify(now)});
    console.log(JSON.stringify(${JSON.stringify(texts)}
      .map((text) => parsePointInTime(text, '--since', now).toISOString())));`;
  const { stdout } = await run(execPath, ['--input-type=module', '-e', script], {
    env: { ...env, TZ: zone },
  });
  return JSON.parse(stdout) as string[];
}

const means = test.macro({
  async exec(t, zone: string, now: string, expected: Readonly<Record<string, string>>) {
    t.deepEqual(await seenIn(zone, now, Object.keys(expected)), Object.values(expected));
  },
  title: (sentence) => sentence ?? '',
});

test('a date alone is the midnight of the reader: Tokyo', means, 'Asia/Tokyo', '2026-11-28T03:00:00Z', {
  '2026-11-28': '2026-11-27T15:00:00.000Z',
  '2026-11-28 09:30': '2026-11-28T00:30:00.000Z',
  '2026-11-28T09:30:15.5': '2026-11-28T00:30:15.500Z',
  '2026-11-28T09:30Z': '2026-11-28T09:30:00.000Z',
  '2026-11-28T09:30+02:00': '2026-11-28T07:30:00.000Z',
  '2026-11-28 09:30 -0330': '2026-11-28T13:00:00.000Z',
  today: '2026-11-27T15:00:00.000Z',
  yesterday: '2026-11-26T15:00:00.000Z',
  'yesterday 18:00': '2026-11-27T09:00:00.000Z',
  '9:05': '2026-11-28T00:05:00.000Z',
  now: '2026-11-28T03:00:00.000Z',
  '2h': '2026-11-28T01:00:00.000Z',
  '2h ago': '2026-11-28T01:00:00.000Z',
  '2 hours ago': '2026-11-28T01:00:00.000Z',
  '1d12h': '2026-11-26T15:00:00.000Z',
  ' 2H AGO ': '2026-11-28T01:00:00.000Z',
});
test(
  'a date alone is the midnight of the reader: west of Greenwich',
  means,
  'America/New_York',
  '2026-07-04T02:00:00Z',
  {
    '2026-07-04': '2026-07-04T04:00:00.000Z',
    today: '2026-07-03T04:00:00.000Z',
    yesterday: '2026-07-02T04:00:00.000Z',
  },
);
test('where clocks go forward a day has 23 hours', means, 'Europe/Berlin', '2026-03-29T12:00:00Z', {
  today: '2026-03-28T23:00:00.000Z',
  yesterday: '2026-03-27T23:00:00.000Z',
  tomorrow: '2026-03-29T22:00:00.000Z',
  '04:00': '2026-03-29T02:00:00.000Z',
  '02:30': '2026-03-29T01:30:00.000Z',
  '24h': '2026-03-28T12:00:00.000Z',
});
test('where clocks go back a day has 25 hours', means, 'Europe/Berlin', '2026-10-25T12:00:00Z', {
  today: '2026-10-24T22:00:00.000Z',
  tomorrow: '2026-10-25T23:00:00.000Z',
  '04:00': '2026-10-25T03:00:00.000Z',
});
test('a day whose midnight does not exist begins an hour later', means, 'America/Santiago', '2026-09-06T12:00:00Z', {
  '2026-09-06': '2026-09-06T04:00:00.000Z',
  today: '2026-09-06T04:00:00.000Z',
});
test('half an hour and 14 hours from Greenwich', means, 'Pacific/Kiritimati', '2026-11-28T09:59:00Z', {
  '2026-11-28': '2026-11-27T10:00:00.000Z',
  yesterday: '2026-11-26T10:00:00.000Z',
});

const NOW = new Date('2026-11-28T12:00:00Z');
for (const text of [
  '',
  ' ',
  'x',
  'soon',
  '2026',
  '2026-13-01',
  '2026-02-30',
  '2025-02-29',
  '2026-11-28T24:00',
  '12:60',
  '25:00',
  '90',
  '0000-01-01',
  '0000-01-01T00:00:00Z',
  '10000-01-01',
  '2026-11-28T09:30+24:00',
  '999999999999d',
  '-2h',
  'ago',
  '2h from now',
  '2026-11-28T',
  '１２:００',
  '2026-11-28\n',
  'today yesterday',
  'P1D',
  'NaN',
  '1e3',
])
  test(`"${text.trim() === '' ? text.length : text}" is refused as a time, with the option named`, (t) => {
    if (text === '2026-11-28\n') return t.notThrows(() => parsePointInTime(text, '--since', NOW));
    t.throws(() => parsePointInTime(text, '--since', NOW), { code: 'invalid_request', message: /^--since: / });
  });

test('whatever is typed is a time in the years 1 to 9999, or refused', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.stringMatching(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/),
    fc.stringMatching(/^\d{1,20}(ms|s|m|h|d|w)( ago)?$/),
  );
  fc.assert(
    fc.property(text, (typed) => {
      let time: Date;
      try {
        time = parsePointInTime(typed, '--since', NOW);
      } catch (error) {
        return (error as { code?: string }).code === 'invalid_request';
      }
      return time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999 && /^\d{4}-/.test(time.toISOString());
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});
