import { durationMs } from './duration.js';
import { invalidField } from './errors.js';

const DAYS: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 };
const CLOCK = String.raw`(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?`;
const BY_DATE = new RegExp(
  String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})` +
    String.raw`(?:(?:[Tt]|\s+)${CLOCK}\s*(?<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?)?$`,
);
const BY_DAY = new RegExp(
  String.raw`^(?:(?<word>yesterday|today|tomorrow)(?:\s+${CLOCK})?|${CLOCK.replaceAll('?<', '?<only_')})$`,
  'i',
);

type Parts = Readonly<Record<string, string | undefined>>;

/** The clock time of `parts`, in milliseconds after midnight; undefined for one that no clock shows. */
function clockOf({ hour = '0', minute = '0', second = '0', fraction = '' }: Parts): number | undefined {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  return (
    ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + Math.floor(Number(`0.${fraction}0`) * 1000)
  );
}

/** A local time: that of the clock on the wall, not a number of hours after midnight. */
function atClock(year: number, month: number, day: number, clockMs: number): Date {
  const time = new Date(2000, 0, 1);
  time.setFullYear(year, month, day);
  time.setHours(
    Math.floor(clockMs / 3_600_000),
    Math.floor(clockMs / 60_000) % 60,
    Math.floor(clockMs / 1000) % 60,
    clockMs % 1000,
  );
  return time;
}

function zoneMinutes(zone: string): number | undefined {
  if (/^z$/i.test(zone)) return 0;
  // parsing: a zone is ASCII
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || '0')];
  return hours > 15 || minutes > 59 ? undefined : (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function byDate(parts: Parts): Date | undefined {
  const [year, month, day] = [Number(parts.year), Number(parts.month) - 1, Number(parts.day)];
  const midnight = new Date(Date.UTC(2000, 0, 1));
  midnight.setUTCFullYear(year, month, day);
  const clockMs = clockOf(parts);
  if (clockMs === undefined || midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return undefined;
  if (parts.zone === undefined) return atClock(year, month, day, clockMs);
  const offset = zoneMinutes(parts.zone);
  return offset === undefined ? undefined : new Date(midnight.getTime() + clockMs - offset * 60_000);
}

function byDay(groups: Parts, now: Date): Date | undefined {
  const { word } = groups;
  const only = (name: string): string | undefined => groups[name] ?? groups[`only_${name}`];
  const clockMs = clockOf({
    hour: only('hour'),
    minute: only('minute'),
    second: only('second'),
    fraction: only('fraction'),
  });
  if (clockMs === undefined) return undefined;
  const days = DAYS[(word ?? 'today').toLowerCase()] ?? 0;
  return atClock(now.getFullYear(), now.getMonth(), now.getDate() + days, clockMs);
}

function readTime(text: string, now: Date): Date | undefined {
  if (/^now$/i.test(text)) return now;
  const date = BY_DATE.exec(text)?.groups;
  if (date) return byDate(date);
  const day = BY_DAY.exec(text)?.groups;
  if (day) return byDay(day, now);
  const ms = durationMs(text.replace(/\s+ago$/i, ''));
  return ms === undefined ? undefined : new Date(now.getTime() - ms);
}

/**
 * A time as people type it, seen at `now`: `2h`, `2h ago`, `14:30`, `yesterday`, `today 9:00`, `2026-11-28`,
 * `2026-11-28 14:30`, and ISO 8601. Without a zone it is the time where the program runs: a date alone is
 * the midnight there. Throws `invalid_request` naming `field`.
 */
export function parsePointInTime(text: string, field: string, now: Date): Date {
  const time = readTime(text.trim(), now);
  if (time === undefined) {
    const forms = 'write for example 2h ago, yesterday, 14:30, 2026-11-28 or 2026-11-28T14:30Z';
    throw invalidField(field, `"${text}" is not a time; ${forms}`);
  }
  const year = time.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) throw invalidField(field, `"${text}" is not in the years 1 to 9999`);
  return time;
}
