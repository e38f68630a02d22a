import { invalidField } from './errors.js';

/** Binary and decimal units of IEC 80000-13; a bare letter is binary, as in the tools of a shell. */
const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
  t: 2 ** 40,
  tib: 2 ** 40,
  tb: 1e12,
  p: 2 ** 50,
  pib: 2 ** 50,
  pb: 1e15,
};

/** Bytes of a size such as `512`, `16GiB`, `1.5 TB` or `10G`. Throws `invalid_request` naming `field`. */
export function parseBytes(text: string, field: string): number {
  const [, amount, unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(FACTORS, unit.toLowerCase()) ? FACTORS[unit.toLowerCase()] : undefined;
  const bytes = Math.round(Number(amount) * (factor ?? Number.NaN));
  if (!Number.isSafeInteger(bytes))
    throw invalidField(field, `"${text}" is not a size; write for example 512MB, 16GiB or 2T`);
  return bytes;
}

const SHOWN = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** A size for people, in powers of 1024: `812 B`, `1.5 MiB`. Never `1024.0 KiB`. */
export function formatBytes(bytes: number): string {
  let power = 0;
  let value = bytes;
  while (power < SHOWN.length - 1 && (power === 0 ? value : Number(value.toFixed(1))) >= 1024) {
    value /= 1024;
    power += 1;
  }
  return `${power === 0 ? value : value.toFixed(1)} ${SHOWN[power]}`;
}
