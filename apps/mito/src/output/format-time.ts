import { formatDuration } from '@mitosis/domain';

const pad = (value: number): string => String(value).padStart(2, '0');

/** How long ago, or how long until: `3 m 20 s ago`, `in 2 h 5 m`. */
export function relativeTime(iso: string, now: number): string {
  const distance = now - Date.parse(iso);
  if (Math.abs(distance) < 1000) return 'now';
  const seconds = Math.round(Math.abs(distance) / 1000);
  const text = seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
  return distance > 0 ? `${text} ago` : `in ${text}`;
}

function parts(time: Date): { date: string; clock: string } {
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return { date, clock: `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}` };
}

/** A time where the reader is, and how far away it is: `2026-11-21 14:03:09 (3 m 20 s ago)`. */
export function formatTime(iso: string, now: number = Date.now()): string {
  const { date, clock } = parts(new Date(iso));
  return `${date} ${clock} (${relativeTime(iso, now)})`;
}

function shortest(iso: string, now: number): string {
  const { date, clock } = parts(new Date(iso));
  const isToday = date === parts(new Date(now)).date;
  // parsing: a time is ASCII
  return isToday ? clock : `${date} ${clock.slice(0, 5)}`;
}

/** The same in short: of today only the clock, of other days only the minute. */
export function formatTimeShort(iso: string, now: number = Date.now()): string {
  return `${shortest(iso, now)} (${relativeTime(iso, now)})`;
}

/** A short time in a table, which leaves out how far away it is where there is little room. */
export function timeCell(iso: string, now: number = Date.now()): { readonly text: string; readonly short: string } {
  return { text: formatTimeShort(iso, now), short: shortest(iso, now) };
}
