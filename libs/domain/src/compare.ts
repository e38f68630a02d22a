/** A comparison with a whole number, as people type it: `0`, `=0`, `!=0`, `<10`, `>=3`. */
export interface Comparison {
  readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>=';
  readonly value: number;
}

const PATTERN = /^(=|!=|<=|>=|<|>)?\s*(-?\d{1,9})$/;

/** Undefined for a text that is not a comparison. */
export function parseComparison(text: string): Comparison | undefined {
  const match = PATTERN.exec(text.trim());
  if (!match) return undefined;
  return { operator: (match[1] ?? '=') as Comparison['operator'], value: Number(match[2]) };
}
