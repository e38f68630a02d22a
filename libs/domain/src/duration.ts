import { invalidField } from './errors.js';

const UNITS_MS: readonly (readonly [unit: RegExp, ms: number])[] = [
  [/^(?:ms|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, 1000],
  [/^(?:m|mins?|minutes?)$/i, 60_000],
  [/^(?:h|hrs?|hours?)$/i, 3_600_000],
  [/^(?:d|days?)$/i, 86_400_000],
  [/^(?:w|weeks?)$/i, 7 * 86_400_000],
];
const WHOLE = /^(?:\d{1,15}(?:\.\d{1,9})?\s*[a-z]+\s*)+$/i;
const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)/gi;

/** Milliseconds of a duration such as `1h30m` or `2 hours`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  const parts = [...text.matchAll(PART)].map(([, amount, unit = '']) => {
    const ms = UNITS_MS.find(([name]) => name.test(unit))?.[1] ?? Number.NaN;
    return Number(amount) * ms;
  });
  const ms = Math.round(parts.reduce((sum, part) => sum + part, 0));
  return Number.isSafeInteger(ms) ? ms : undefined;
}

function adviceOn(text: string): string {
  const compact = text.replaceAll(/\s/g, '');
  if (/^\d+(\.\d+)?$/.test(compact)) return `: it has no unit; did you mean ${compact}s?`;
  if (compact !== text && durationMs(compact) !== undefined) return `; did you mean ${compact}?`;
  return '; write for example 500ms, 10s, 1h30m or 7d';
}

/**
 * Milliseconds of a duration such as `500ms`, `10s`, `1h30m` or `7d`. A number needs a unit. Throws
 * `invalid_request` naming `field` on anything else, and on nothing at all unless `isZeroAllowed`.
 */
export function parseDuration(text: string, field: string, { isZeroAllowed = false } = {}): number {
  const ms = /\s/.test(text) ? undefined : durationMs(text);
  if (ms === undefined) throw invalidField(field, `"${text}" is not a duration${adviceOn(text)}`);
  if (ms === 0 && !isZeroAllowed) throw invalidField(field, `"${text}" is not a duration: it must be longer than zero`);
  return ms;
}

/** A duration for people: `340 ms`, `2.4 s`, `3 m 20 s`, `1 h 5 m`, `2 d 3 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}
