import { operations, type OutputMatches } from '@mitosis/protocol';
import type { CallOptions } from './call-options.js';
import type { Transport } from './transport.js';

/** What to search for in the output of tasks. */
export interface OutputPattern {
  /** A regular expression as RE2 reads it, or with `syntax: 'text'` exactly this text. */
  readonly pattern: string;
  readonly syntax?: 're2' | 'text' | undefined;
  readonly ignore_case?: boolean | undefined;
  readonly stream?: readonly ('stdout' | 'stderr' | 'notice')[] | undefined;
  /** `all`: earlier attempts, too. */
  readonly attempts?: 'last' | 'all' | undefined;
  /** The most matches of each attempt. */
  readonly per_attempt?: number | undefined;
  /** The most matches in one response. */
  readonly limit?: number | undefined;
}

/** A request that waits for the searches of others. */
const TIMEOUT_MS = 120_000;

/** Every part of a search as it is found; the last one has no `next`. */
export async function* searchOutput(
  transport: Transport,
  search: OutputPattern,
  { signal }: CallOptions = {},
): AsyncGenerator<OutputMatches> {
  for (let after: string | undefined; ;) {
    const query = { ...search, after };
    const part: OutputMatches = await transport.call(operations.tasks.grep, { query, signal, timeoutMs: TIMEOUT_MS });
    yield part;
    if (part.next === null) return;
    after = part.next;
  }
}
