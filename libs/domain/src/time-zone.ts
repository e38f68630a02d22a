import { invalidField } from './errors.js';

const formats = new Map<string, Intl.DateTimeFormat>();
/** Zones that are kept ready. */
const KEPT = 64;

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  if (formats.size >= KEPT) formats.clear();
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** Throws `invalid_request` naming `field` for a zone that the time zone database does not have. */
export function assertTimeZone(zone: string, field: string): void {
  try {
    formatOf(zone);
  } catch {
    throw invalidField(field, `there is no time zone "${zone}"; write for example Europe/Paris or UTC`);
  }
}

/** What the clock of a zone shows beyond UTC at an instant. */
export function utcOffsetMs(zone: string, at: number): number {
  if (zone === 'UTC') return 0;
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
