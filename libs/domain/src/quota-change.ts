/** A new value, or a difference to the present one, which is applied where the present one is stored. */
export type QuotaChange = { readonly set: number } | { readonly add: number };

/** `+N` and `-N` change a quota by N, `=N` and `N` set it. `parse` reads N; it throws what it likes. */
export function parseQuotaChange(text: string, parse: (amount: string) => number): QuotaChange {
  // parsing: only an ASCII sign is looked for
  const sign = text.slice(0, 1);
  if (sign === '+') return { add: parse(text.slice(1)) };
  if (sign === '-') return { add: -parse(text.slice(1)) };
  return { set: parse(sign === '=' ? text.slice(1) : text) };
}
