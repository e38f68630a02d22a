import type { ScheduleView } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { formatTime, timeCell } from './format-time.js';
import { paintState, type Paint } from './paint.js';
import { harmless } from './say.js';

/** A time as the clock of the schedule shows it. */
function zoned(iso: string, zone: string): string {
  try {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
    return `${format.format(new Date(iso))} ${zone}`;
  } catch {
    return iso;
  }
}

/** The facts of one schedule, a line each. */
export function describeSchedule(schedule: ScheduleView, paint: Paint): string {
  const { time_zone: zone } = schedule;
  const facts: [string, string][] = [
    ['uuid', schedule.uuid],
    ['name', schedule.name],
    ['state', schedule.state],
    ...(schedule.message === null ? [] : ([['message', schedule.message]] as [string, string][])),
    ['group', schedule.group],
    ['owner', schedule.creator],
    ['cron', `${schedule.cron} (${zone})`],
    ['overlap', schedule.overlap],
    ['catch-up', schedule.catch_up],
    ['created', formatTime(schedule.created_at)],
    ...schedule.next.map((at): [string, string] => ['next', zoned(at, zone)]),
    ...schedule.runs.map(({ due_at: at, outcome, reason, jobs }): [string, string] => [
      outcome,
      `${zoned(at, zone)} ${[...jobs.map((job) => `job ${job}`), ...(reason === null ? [] : [reason])].join(', ')}`,
    ]),
  ];
  return facts
    .map(
      ([key, value]) => `${paint.dim(key.padEnd(9))} ${key === 'state' ? paintState(value, paint) : harmless(value)}`,
    )
    .join('\n');
}

/** One line for each schedule. */
export const SCHEDULE_LISTING: Listing<ScheduleView> = {
  head: ['UUID', 'STATE', 'NAME', 'CRON', 'ZONE', 'NEXT', 'GROUP'],
  row: (schedule, paint) => [
    schedule.uuid,
    { text: schedule.state, paint: (text) => paintState(text, paint) },
    schedule.name,
    schedule.cron,
    schedule.time_zone,
    schedule.next[0] === undefined ? '' : timeCell(schedule.next[0]),
    schedule.group,
  ],
  empty: 'no schedules found',
};
