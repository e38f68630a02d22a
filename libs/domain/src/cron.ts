import { invalidField } from './errors.js';
import { utcOffsetMs } from './time-zone.js';

/** A cron expression, read. Days and hours are those of the clock of a time zone. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** The hour was written as an asterisk, with or without a step: it follows the clock as it passes. */
  readonly isHourly: boolean;
  /** Day of month and day of week are both named: either of them is enough. */
  readonly isEitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, words: ['', ...MONTHS] },
  { name: 'day of week', min: 0, max: 7, words: WEEKDAYS },
];
const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const PART = /^(?:\*|([a-z]+|\d{1,2})(?:-([a-z]+|\d{1,2}))?)(?:\/(\d{1,3}))?$/;
const DAY_MS = 86_400_000;
/** From one 29 February to the next there are eight years at most, around 2100. */
const DAYS_SEARCHED = 9 * 366;

function numberOf(text: string, { name, min, max, words = [] }: Field, field: string): number {
  const value = /^\d/.test(text) ? Number(text) : text === '' ? -1 : words.indexOf(text);
  if (value < min || value > max)
    throw invalidField(
      field,
      `"${text}" is not a valid ${name}; use ${min} to ${max}${words.length > 0 ? ' or a name' : ''}`,
    );
  return value;
}

function valuesOf(text: string, field: Field, option: string): number[] {
  const values = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const match = PART.exec(part);
    if (!match)
      throw invalidField(option, `"${part}" is not a valid ${field.name}: write *, 5, 1-5, */10 or a list of them`);
    const [, from, to, step] = match;
    const first = from === undefined ? field.min : numberOf(from, field, option);
    const isOpen = from === undefined || (to === undefined && step !== undefined);
    const last = to !== undefined ? numberOf(to, field, option) : isOpen ? field.max : first;
    const by = Number(step ?? 1);
    if (by < 1 || last < first) throw invalidField(option, `"${part}" has no ${field.name}`);
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** Reads five fields, or a nickname such as `@daily`. Throws `invalid_request` naming `option`. */
export function parseCron(text: string, option = '--cron'): Cron {
  const plain = text.trim();
  const parts = (NICKNAMES[plain.toLowerCase()] ?? plain).split(/\s+/);
  if (parts.length !== FIELDS.length)
    throw invalidField(option, `"${text}" has ${parts.length} fields; it needs minute, hour, day, month and weekday`);
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = parts.map((part, place) =>
    valuesOf(part, FIELDS[place] as Field, option),
  );
  const [, hour = '', day = '', , weekday = ''] = parts;
  return {
    minutes,
    hours,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays.map((value) => value % 7)),
    isHourly: hour.startsWith('*'),
    isEitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
  };
}

function isDay(cron: Cron, midnight: Date): boolean {
  if (!cron.months.has(midnight.getUTCMonth() + 1)) return false;
  const [day, weekday] = [cron.days.has(midnight.getUTCDate()), cron.weekdays.has(midnight.getUTCDay())];
  return cron.isEitherDay ? day || weekday : day && weekday;
}

/** The first instant at which the clock has left a gap that `local` lies in, between `from` and `to`. */
function endOfGap(zone: string, from: number, to: number): number {
  const before = utcOffsetMs(zone, from);
  let [low, high] = [Math.floor(from / 1000) * 1000, Math.ceil(to / 1000) * 1000];
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (utcOffsetMs(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Instants at which the clock shows the times of a day that starts at `midnight`, as if that were UTC. */
function instantsOf(cron: Cron, zone: string, midnight: number): number[] {
  const offsets = [...new Set([-1, 0, 1, 2].map((days) => utcOffsetMs(zone, midnight + days * DAY_MS)))];
  const isSteady = offsets.length === 1;
  const found = new Set<number>();
  for (const hour of cron.hours) {
    for (const minute of cron.minutes) {
      const local = midnight + (hour * 60 + minute) * 60_000;
      const instants = offsets.map((offset) => local - offset);
      // On a day far from any change of the clock nothing has to be asked.
      const shown = isSteady ? instants : instants.filter((at) => at + utcOffsetMs(zone, at) === local);
      if (cron.isHourly) for (const at of shown) found.add(at);
      else if (shown.length > 0) found.add(Math.min(...shown));
      else found.add(endOfGap(zone, local - Math.max(...offsets) - 1, local - Math.min(...offsets) + 1));
    }
  }
  return [...found].sort((a, b) => a - b);
}

/**
 * The times after `after` (milliseconds since 1970), each strictly later than the one before. A fixed hour that the
 * clock shows twice counts once, at its first pass, and one that it leaves out counts right after the gap. Hours
 * written with an asterisk follow the clock: both passes count, what is left out is not made up.
 */
export function* cronTimesAfter(cron: Cron, zone: string, after: number): Generator<number, void> {
  let last = after;
  let first = Math.floor((after + utcOffsetMs(zone, after)) / DAY_MS) * DAY_MS - DAY_MS;
  for (let day = 0; day < DAYS_SEARCHED; day += 1) {
    const midnight = first + day * DAY_MS;
    if (!isDay(cron, new Date(midnight))) continue;
    for (const at of instantsOf(cron, zone, midnight)) {
      if (at <= last) continue;
      yield at;
      // The search for the next one has its whole span again.
      [last, first, day] = [at, midnight, 0];
    }
  }
}

/** The first time after `after`; undefined when there is none. */
export function nextCronTime(cron: Cron, zone: string, after: number): number | undefined {
  return cronTimesAfter(cron, zone, after).next().value ?? undefined;
}

/** The next `count` times after `after`. */
export function cronTimes(cron: Cron, zone: string, after: number, count: number): number[] {
  const times: number[] = [];
  if (count < 1) return times;
  for (const at of cronTimesAfter(cron, zone, after)) if (times.push(at) === count) break;
  return times;
}
