import { MitoError } from './errors.js';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds of a duration such as `500ms`, `10s`, `1h30m` or `7d`. A number needs a unit.
 * Throws `invalid_request` naming `field` on anything else, zero-length and negative ones included.
 */
export function parseDuration(text: string, field: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|sec|min|s|m|h|d)/g)];
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS_MS[unit ?? ''] ?? NaN), 0);
  if (parts.map(([part]) => part).join('') !== text || !(ms > 0)) {
    const message = `${field}: "${text}" is not a duration; write for example 500ms, 10s, 1h30m or 7d`;
    throw new MitoError('invalid', 'invalid_request', message, { details: { field } });
  }
  return Math.round(ms);
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
