import type { DataSource } from 'typeorm';
import type { Finding } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { QueueBackend } from '@mitosis/queue';
import { checkDatabase } from './check-database.js';
import { checkFiles, type FilesToCheck } from './check-files.js';
import { checkQueues } from './check-queues.js';
import { checkStore } from './check-store.js';

export interface Examined extends FilesToCheck {
  /** None of the three was opened yet; they are closed in the end. */
  readonly dataSource: DataSource;
  readonly queue: QueueBackend;
  readonly store: ObjectStore;
  /** The store is a folder of `stateDir`: without that there is nothing to look at. */
  readonly isFolderStore: boolean;
  readonly now: () => number;
}

/** Looks at everything that a coordinator stands on. Never throws, changes nothing that stays. */
export async function examine({
  dataSource,
  queue,
  store,
  isFolderStore,
  now,
  ...files
}: Examined): Promise<Finding[]> {
  try {
    const ofFiles = await checkFiles(files);
    const ofStore = isFolderStore && ofFiles[0]?.status !== 'ok' ? [] : await checkStore(store);
    const ofDatabase = await checkDatabase(dataSource, now);
    const ofQueues = dataSource.isInitialized ? await checkQueues(dataSource) : [];
    return [...ofFiles, ...ofDatabase, ...(await queue.diagnose()), ...ofQueues, ...ofStore];
  } finally {
    await Promise.all([queue.stop(), store.stop(), dataSource.isInitialized ? dataSource.destroy() : undefined]);
  }
}
