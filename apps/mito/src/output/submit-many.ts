import { partKey, type MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import { SubmitTask, type SubmitTaskInput } from '@mitosis/protocol';

/** What became of one item: its place from 0, and its uuid or what is wrong with it. */
export interface ItemResult {
  readonly index: number;
  readonly uuid?: string;
  readonly error?: string;
}

interface Item {
  readonly index: number;
  readonly task: SubmitTaskInput;
  /** What is wrong with it, as far as the task alone tells. */
  readonly error: string | undefined;
}

export interface SubmitManyOptions {
  readonly isBestEffort: boolean;
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
}

const BATCH = 1_000;

function check(task: SubmitTaskInput): string | undefined {
  const issue = SubmitTask.safeParse(task).error?.issues[0];
  return issue && `${issue.path.join('.') || 'task'}: ${issue.message}`;
}

/** The items one by one, for a batch that was refused: the good ones are stored. */
async function submitEach(
  api: MitosisClient,
  items: readonly Item[],
  { idempotencyKey, signal }: SubmitManyOptions,
): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  for (const { index, task } of items) {
    try {
      results.push({
        index,
        uuid: (await api.submitTask(task, { idempotencyKey: partKey(idempotencyKey, index + 1), signal })).uuid,
      });
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind === 'unavailable' || error.kind === 'unauthenticated')
        throw error;
      results.push({ index, error: error.message });
    }
  }
  return results;
}

async function submitGood(
  api: MitosisClient,
  items: readonly Item[],
  options: SubmitManyOptions,
): Promise<ItemResult[]> {
  if (items.length === 0) return [];
  try {
    const receipts = await api.submitTasks(
      items.map(({ task }) => task),
      options,
    );
    return receipts.map(({ uuid }, place) => ({ index: items[place]?.index ?? 0, uuid }));
  } catch (error) {
    const isRefused = error instanceof MitoError && ['invalid', 'not-found', 'forbidden'].includes(error.kind);
    if (!options.isBestEffort || !isRefused) throw error;
    return submitEach(api, items, { ...options, idempotencyKey: partKey(options.idempotencyKey, -1) });
  }
}

/**
 * Submits any number of tasks in requests of 1000, and yields what became of the items of each, in their
 * order. Without best effort the first thing that is wrong stops it before anything is sent, if it can be
 * told from the tasks alone, or at the request that is refused.
 */
export async function* submitMany(
  api: MitosisClient,
  tasks: readonly SubmitTaskInput[],
  options: SubmitManyOptions,
): AsyncGenerator<readonly ItemResult[]> {
  const items = tasks.map((task, index): Item => ({ index, task, error: check(task) }));
  const wrong = items.find(({ error }) => error !== undefined);
  if (wrong && !options.isBestEffort)
    throw new MitoError('invalid', 'invalid_request', `item ${wrong.index}: ${wrong.error}`);
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items.slice(start, start + BATCH);
    const refused = batch.flatMap(({ index, error }): ItemResult[] => (error === undefined ? [] : [{ index, error }]));
    const stored = await submitGood(
      api,
      batch.filter(({ error }) => error === undefined),
      { ...options, idempotencyKey: partKey(options.idempotencyKey, start / BATCH) },
    );
    yield [...refused, ...stored].sort((a, b) => a.index - b.index);
  }
}
