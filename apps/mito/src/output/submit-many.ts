import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import { type SubmitTaskInput, SubmitTask } from '@mitosis/protocol';

/** What became of one item: its place from 0, and its uuid or what is wrong with it. */
export interface ItemResult {
  readonly index: number;
  readonly uuid?: string;
  readonly error?: string;
}

interface Item {
  readonly index: number;
  readonly task: SubmitTaskInput;
}

const BATCH = 1_000;

function check({ task }: Item): string | undefined {
  const issue = SubmitTask.safeParse(task).error?.issues[0];
  return issue && `${issue.path.join('.') || 'task'}: ${issue.message}`;
}

/** The items one by one, for a batch that was refused: the good ones are stored. */
async function submitEach(api: MitosisClient, items: readonly Item[]): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  for (const { index, task } of items) {
    try {
      results.push({ index, uuid: (await api.submitTask(task)).uuid });
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind === 'unavailable' || error.kind === 'unauthenticated') throw error;
      results.push({ index, error: error.message });
    }
  }
  return results;
}

/**
 * Submits any number of tasks in requests of 1000. Without best effort the first thing that is wrong
 * stops it before anything is sent, if it can be told from the tasks alone, or at the request that is
 * refused.
 */
export async function submitMany(
  api: MitosisClient,
  tasks: readonly SubmitTaskInput[],
  { isBestEffort, onProgress }: { isBestEffort: boolean; onProgress?: ((sent: number) => void) | undefined },
): Promise<ItemResult[]> {
  const items = tasks.map((task, index) => ({ index, task }));
  const wrong = items.flatMap((item): ItemResult[] => {
    const error = check(item);
    return error === undefined ? [] : [{ index: item.index, error }];
  });
  const [first] = wrong;
  if (first && !isBestEffort) throw new MitoError('invalid', 'invalid_request', `item ${first.index}: ${first.error}`);
  const bad = new Set(wrong.map(({ index }) => index));
  const good = items.filter(({ index }) => !bad.has(index));
  const results = [...wrong];
  for (let start = 0; start < good.length; start += BATCH) {
    const batch = good.slice(start, start + BATCH);
    try {
      const receipts = await api.submitTasks(batch.map(({ task }) => task));
      results.push(...receipts.map(({ uuid }, place) => ({ index: batch[place]?.index ?? 0, uuid })));
    } catch (error) {
      const isRefused = error instanceof MitoError && ['invalid', 'not-found', 'forbidden'].includes(error.kind);
      if (!isBestEffort || !isRefused) throw error;
      results.push(...(await submitEach(api, batch)));
    }
    onProgress?.(start + batch.length);
  }
  return results.sort((a, b) => a.index - b.index);
}
