import { systemError, type MitoError } from '@mitosis/domain';

/** Something that has been done with one file. */
export interface Done {
  readonly name: string;
  readonly [fact: string]: unknown;
}

/** How one item of a batch went. */
export type Outcome<T, R> = { readonly item: T; readonly result: R } | { readonly item: T; readonly error: MitoError };

/**
 * Does `work` for each item, `concurrency` at a time, and returns each outcome as it comes. An item
 * that fails, also by an error of the system, does not keep the others; only a bug ends everything.
 */
export async function* runBatch<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<Outcome<T, R>> {
  const running = new Set<Promise<Outcome<T, R>>>();
  const settleOne = async (): Promise<Outcome<T, R>> => {
    const [first, outcome] = await Promise.race([...running].map(async (promise) => [promise, await promise] as const));
    running.delete(first);
    return outcome;
  };
  for await (const item of items) {
    running.add(outcomeOf(item, work));
    if (running.size >= concurrency) yield await settleOne();
  }
  while (running.size > 0) yield await settleOne();
}

async function outcomeOf<T, R>(item: T, work: (item: T) => Promise<R>): Promise<Outcome<T, R>> {
  try {
    return { item, result: await work(item) };
  } catch (thrown) {
    const error = systemError(thrown);
    if (error) return { item, error };
    throw thrown;
  }
}
