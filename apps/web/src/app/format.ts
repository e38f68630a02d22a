const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1.4 GiB`. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return '–';
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `340 ms`, `4.2 s`, `3 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return '–';
  if (ms < 1_000) return `${Math.round(Math.max(ms, 0))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const parts: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ];
  const first = parts.findIndex(([size]) => ms >= size);
  const [size, name] = parts[first] ?? [1_000, 's'];
  const [lower, lowerName] = parts[first + 1] ?? [1, ''];
  const rest = Math.floor((ms % size) / lower);
  return `${Math.floor(ms / size)} ${name}${rest > 0 && lowerName !== '' ? ` ${rest} ${lowerName}` : ''}`;
}

/** How long ago, or in how long: `just now`, `5 min ago`, `in 2 h`. */
export function ago(then: number, now: number): string {
  const ms = now - then;
  const size = Math.abs(ms);
  if (size < 5_000) return 'just now';
  const [count, unit] =
    size < 60_000
      ? [size / 1_000, 's']
      : size < 3_600_000
        ? [size / 60_000, 'min']
        : size < 86_400_000
          ? [size / 3_600_000, 'h']
          : [size / 86_400_000, 'd'];
  const text = `${Math.floor(count)} ${unit}`;
  return ms > 0 ? `${text} ago` : `in ${text}`;
}

/** A time in the reader's zone, with the zone. */
export function absolute(time: number): string {
  return new Intl.DateTimeFormat(undefined, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  })
    .format(time)
    .concat(` (${Intl.DateTimeFormat().resolvedOptions().timeZone})`);
}

/** `1 task`, `12,000 tasks`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? noun : plural}`;
}

/** A number as a table shows it: short, and exact where that is short. NaN and infinities by their names. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e9) ? value.toExponential(3) : String(Number(value.toPrecision(6)));
}

/** A word as a shell reads it; only what needs quotes gets them. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line that can be pasted. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** Enough of a uuid to tell it from others on the page. */
export function shortId(uuid: string): string {
  return uuid.split('-').at(-1) ?? uuid;
}
