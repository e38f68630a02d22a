const WORDS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity };

/** A number of `metrics.jsonl`; NaN and infinities are words there, long numbers their digits. */
export function metricNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  if (Object.hasOwn(WORDS, value)) return WORDS[value];
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

type Row = Readonly<Record<string, unknown>>;

interface Entry {
  readonly index: number;
  readonly row: Row;
  readonly bytes: number;
}

interface Extremes {
  least?: { readonly value: number; readonly entry: Entry };
  greatest?: { readonly value: number; readonly entry: Entry };
}

/** The most names whose extremes and last value are looked for; no table has more columns that people read. */
const NAMES_MAX = 128;

/**
 * Keeps the shape of many rows within a limit. The rows are cut into buckets of equal length, as few as it takes: of
 * each bucket those rows stay in which a field has its least or greatest value. The first row stays, the last one, and
 * the last one that has each field: so the last, least and greatest values of the kept rows are those of all rows.
 */
export class ThinnedRows {
  /** Rows that were added. */
  total = 0;
  private entries: Entry[] = [];
  private bytes = 0;
  private bucket = 1;
  private readonly last = new Map<string, Entry>();

  constructor(private readonly limits: { readonly rows: number; readonly bytes: number }) {}

  add(row: Row, bytes: number): void {
    const entry = { index: this.total, row, bytes };
    this.total += 1;
    for (const name of Object.keys(row))
      if (this.last.has(name) || this.last.size < NAMES_MAX) this.last.set(name, entry);
    this.entries.push(entry);
    this.bytes += bytes;
    if (this.isOver(1)) this.thin();
  }

  get rows(): Row[] {
    return this.entries.map(({ row }) => row);
  }

  private isOver(share: number): boolean {
    return this.entries.length > this.limits.rows * share || this.bytes > this.limits.bytes * share;
  }

  /** Makes room for as many rows again as it leaves, so that a row is looked at a few times only. */
  private thin(): void {
    // The rows that came last were not thinned with the present length yet.
    this.keep(this.chosen());
    while (this.isOver(0.75) && this.bucket < this.total) {
      this.bucket *= 2;
      this.keep(this.chosen());
    }
    // Too many fields, or too long rows, for any choice to fit: the newest are worth most.
    while (this.isOver(1) && this.entries.length > 0) this.keep(new Set(this.entries.slice(1)));
  }

  private chosen(): Set<Entry> {
    const chosen = new Set<Entry>(this.last.values());
    const buckets = new Map<number, Map<string, Extremes>>();
    for (const entry of this.entries) {
      const at = Math.floor(entry.index / this.bucket);
      const bucket = buckets.get(at) ?? new Map<string, Extremes>();
      buckets.set(at, bucket);
      for (const [name, given] of Object.entries(entry.row)) this.compare(bucket, { name, given, entry });
    }
    for (const bucket of buckets.values())
      for (const { least, greatest } of bucket.values()) {
        if (least) chosen.add(least.entry);
        if (greatest) chosen.add(greatest.entry);
      }
    for (const end of [this.entries[0], this.entries.at(-1)]) if (end) chosen.add(end);
    return chosen;
  }

  private compare(
    bucket: Map<string, Extremes>,
    { name, given, entry }: { readonly name: string; readonly given: unknown; readonly entry: Entry },
  ): void {
    const value = metricNumber(given);
    if (value === undefined || Number.isNaN(value) || !this.last.has(name)) return;
    const extremes = bucket.get(name) ?? {};
    bucket.set(name, extremes);
    if (!extremes.least || value < extremes.least.value) extremes.least = { value, entry };
    if (!extremes.greatest || value > extremes.greatest.value) extremes.greatest = { value, entry };
  }

  private keep(chosen: ReadonlySet<Entry>): void {
    this.entries = this.entries.filter((entry) => chosen.has(entry));
    this.bytes = this.entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
