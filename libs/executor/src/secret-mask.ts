const MASK = Buffer.from('***');
/** Shorter lines of a value are too common to be taken for it. */
const LINE_MIN = 8;

/**
 * What of the base64 of any text is due to `value` alone, wherever it stands in it: three bytes make four letters, so
 * it may begin at three places, and the letters at both ends depend on what is beside it.
 */
function base64Of(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const text = whole.toString('base64');
    return text.slice(before === 0 ? 0 : before + 1, Math.floor((whole.length * 8) / 6)); // parsing: base64 is ASCII
  });
}

/** How a value may be written: as it is, by line, in one line, in JSON, in base64 (of more text, too). */
function formsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const forms = [
    value.replace(/\r?\n$/, ''),
    ...lines,
    lines.join(' ').trim(),
    lines.join('').trim(),
    JSON.stringify(value).slice(1, -1), // parsing: the quotes around it
    Buffer.from(value).toString('base64'),
    ...base64Of(value.replace(/\r?\n$/, '')),
  ];
  return [...new Set(forms)].filter((form) => form.length >= LINE_MIN);
}

/** What is looked for, the longest first. */
function patternsOf(values: readonly string[]): Buffer[] {
  const forms = [...new Set(values.flatMap(formsOf))].map((form) => Buffer.from(form));
  return forms.sort((a, b) => b.length - a.length);
}

/**
 * Replaces secrets in a stream of bytes by `***`, however they are cut into pieces. The beginning of a secret is
 * held back until it is known what follows: never more than the longest secret.
 */
export class SecretMask {
  private readonly patterns: readonly Buffer[];
  private held: Buffer = Buffer.alloc(0);

  constructor(values: readonly string[]) {
    this.patterns = patternsOf(values);
  }

  /** What can be shown after these bytes. */
  push(chunk: Uint8Array): Buffer {
    if (this.patterns.length === 0) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const data = Buffer.concat([this.held, chunk]);
    const { shown, rest } = this.replaced(data);
    const holdFrom = rest.length - this.heldBytes(rest);
    this.held = Buffer.from(rest.subarray(holdFrom));
    return Buffer.concat([...shown, rest.subarray(0, holdFrom)]);
  }

  /** What was held back: the stream has ended. */
  end(): Buffer {
    const rest = this.held;
    this.held = Buffer.alloc(0);
    return rest;
  }

  private replaced(data: Buffer): { readonly shown: Buffer[]; readonly rest: Buffer } {
    const shown: Buffer[] = [];
    let from = 0;
    for (;;) {
      const found = this.patterns
        .map((pattern) => ({ at: data.indexOf(pattern, from), length: pattern.length }))
        .filter(({ at }) => at !== -1);
      // Of two that begin at the same place the longer one is meant; they are sorted by length.
      const first = found.reduce<(typeof found)[number] | undefined>((a, b) => (a && a.at <= b.at ? a : b), undefined);
      if (!first) return { shown, rest: data.subarray(from) };
      shown.push(data.subarray(from, first.at), MASK);
      from = first.at + first.length;
    }
  }

  /** The length of the longest end of `rest` with which a secret begins. */
  private heldBytes(rest: Buffer): number {
    return this.patterns.reduce((most, pattern) => Math.max(most, beginningAtEnd(rest, pattern)), 0);
  }
}

function beginningAtEnd(rest: Buffer, pattern: Buffer): number {
  const first = pattern[0] as number;
  const start = Math.max(rest.length - pattern.length + 1, 0);
  for (let at = rest.indexOf(first, start); at !== -1; at = rest.indexOf(first, at + 1)) {
    const length = rest.length - at;
    if (rest.compare(pattern, 0, length, at) === 0) return length;
  }
  return 0;
}

/** `text` with `***` instead of secrets. */
export function maskText(text: string, values: readonly string[]): string {
  if (values.length === 0) return text;
  const mask = new SecretMask(values);
  return Buffer.concat([mask.push(Buffer.from(text)), mask.end()]).toString('utf8');
}
