import test from 'ava';
import { cronTimes, nextCronTime, parseCron } from './cron.js';
import { assertTimeZone } from './time-zone.js';

const times = (cron: string, zone: string, after: string, count: number): string[] =>
  cronTimes(parseCron(cron), zone, Date.parse(after), count).map((at) =>
    new Date(at).toISOString().replace(':00.000Z', 'Z'),
  );

test('a fixed hour runs once: right after the gap in spring, at its first pass in autumn', (t) => {
  const cron = '30 2 * * *';
  t.deepEqual(times(cron, 'Europe/Berlin', '2027-03-27T00:00:00Z', 3), [
    '2027-03-27T01:30Z',
    '2027-03-28T01:00Z',
    '2027-03-29T00:30Z',
  ]);
  t.deepEqual(times(cron, 'Europe/Berlin', '2027-10-30T00:00:00Z', 3), [
    '2027-10-30T00:30Z',
    '2027-10-31T00:30Z',
    '2027-11-01T01:30Z',
  ]);
  t.deepEqual(times(cron, 'America/New_York', '2027-03-13T12:00:00Z', 2), ['2027-03-14T07:00Z', '2027-03-15T06:30Z']);
  t.deepEqual(times('30 1 * * *', 'America/New_York', '2027-11-06T12:00:00Z', 2), [
    '2027-11-07T05:30Z',
    '2027-11-08T06:30Z',
  ]);
  // Half an hour: 2:00 to 2:30 is left out on Lord Howe Island.
  t.deepEqual(times('15 2 * * *', 'Australia/Lord_Howe', '2027-10-02T00:00:00Z', 2), [
    '2027-10-02T15:30Z',
    '2027-10-03T15:15Z',
  ]);
});

test('several fixed times in a gap are one', (t) => {
  t.deepEqual(times('*/20 2 * * *', 'Europe/Berlin', '2027-03-28T00:30:00Z', 2), [
    '2027-03-28T01:00Z',
    '2027-03-29T00:00Z',
  ]);
});

test('an hourly schedule follows the clock: both passes count, what is left out is not made up', (t) => {
  t.deepEqual(times('0 * * * *', 'Europe/Berlin', '2027-03-28T00:30:00Z', 3), [
    '2027-03-28T01:00Z',
    '2027-03-28T02:00Z',
    '2027-03-28T03:00Z',
  ]);
  t.deepEqual(times('0 * * * *', 'Europe/Berlin', '2027-10-30T23:30:00Z', 4), [
    '2027-10-31T00:00Z',
    '2027-10-31T01:00Z',
    '2027-10-31T02:00Z',
    '2027-10-31T03:00Z',
  ]);
  t.deepEqual(times('*/15 * * * *', 'America/New_York', '2027-11-07T05:40:00Z', 3), [
    '2027-11-07T05:45Z',
    '2027-11-07T06:00Z',
    '2027-11-07T06:15Z',
  ]);
  t.deepEqual(times('0 */2 * * *', 'Europe/Berlin', '2027-03-27T22:30:00Z', 3), [
    '2027-03-27T23:00Z',
    '2027-03-28T02:00Z',
    '2027-03-28T04:00Z',
  ]);
});

test('the 29th of February, day of month or day of week, names, nicknames', (t) => {
  t.deepEqual(times('0 0 29 2 *', 'UTC', '2096-03-01T00:00:00Z', 1), ['2104-02-29T00:00Z']);
  t.deepEqual(times('0 9 13 * 5', 'UTC', '2026-11-05T12:00:00Z', 3), [
    '2026-11-06T09:00Z',
    '2026-11-13T09:00Z',
    '2026-11-20T09:00Z',
  ]);
  t.deepEqual(times('0 9 * jan mon-fri/2', 'UTC', '2027-01-01T10:00:00Z', 2), [
    '2027-01-04T09:00Z',
    '2027-01-06T09:00Z',
  ]);
  t.deepEqual(times('@daily', 'Asia/Kolkata', '2027-01-01T10:00:00Z', 1), ['2027-01-01T18:30Z']);
  t.deepEqual(times('0 0 * * 7', 'UTC', '2027-01-01T10:00:00Z', 1), ['2027-01-03T00:00Z']);
});

test('a time that never comes is none, and found to be none at once', (t) => {
  t.is(nextCronTime(parseCron('0 0 31 4 *'), 'Europe/Paris', 0), undefined);
});

test('every next time is strictly later', (t) => {
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca']) {
    const all = cronTimes(parseCron('7 */3 * * *'), zone, Date.parse('2027-03-01T00:00:00Z'), 400);
    t.is(all.length, 400);
    t.true(
      all.every((at, place) => place === 0 || at > (all[place - 1] ?? 0)),
      zone,
    );
  }
});

test('what is not an expression and no zone is refused', (t) => {
  for (const text of [
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '0 0 0 * *',
    '0 0 * 13 *',
    '0 0 * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
    '* * * * * *',
    '1.5 * * * *',
    '-1 * * * *',
  ])
    t.throws(() => parseCron(text), { code: 'invalid_request' }, text);
  for (const zone of ['Mars/Phobos', '', '../etc'])
    t.throws(() => assertTimeZone(zone, '--tz'), { message: /no time zone/ }, zone);
});
