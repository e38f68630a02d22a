import { invalidField } from './errors.js';

/** A new value, or a difference to the present one, which is applied where the present one is stored. */
export type QuotaChange = { readonly set: number } | { readonly add: number };

/** Binary and decimal units of IEC 80000-13; a bare letter is binary, as in the tools of a shell. */
const BYTE_UNITS: Readonly<Record<string, number>> = {
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
  const bytes = Math.round(Number(amount) * (BYTE_UNITS[unit.toLowerCase()] ?? NaN));
  if (!Number.isSafeInteger(bytes))
    throw invalidField(field, `"${text}" is not a size; write for example 512MB, 16GiB or 2T`);
  return bytes;
}

/** `+N` and `-N` change a quota by N, `=N` and `N` set it. `parse` reads N; it throws what it likes. */
export function parseQuotaChange(text: string, parse: (amount: string) => number): QuotaChange {
  const sign = text.slice(0, 1);
  if (sign === '+') return { add: parse(text.slice(1)) };
  if (sign === '-') return { add: -parse(text.slice(1)) };
  return { set: parse(sign === '=' ? text.slice(1) : text) };
}
