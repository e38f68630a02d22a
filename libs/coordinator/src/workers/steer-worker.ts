import { Worker } from '@mitosis/database';
import type { WantedState } from '@mitosis/domain';
import type { SteeredWorker } from '@mitosis/protocol';
import type { DataSource } from 'typeorm';
import type { UserActor } from '../auth/authenticator.js';
import { assertWorkerAccess } from './find-worker.js';
import type { WorkerChannels } from './worker-channels.js';

/**
 * Notes what is wanted of a worker, and tells it. From the commit on it gets no new task unless `run`
 * is wanted, whether it has heard of it or not.
 */
export async function steerWorker(
  { dataSource, channels }: { readonly dataSource: DataSource; readonly channels: WorkerChannels },
  actor: UserActor,
  { uuid, wanted }: { uuid: string; wanted: WantedState },
): Promise<SteeredWorker> {
  await assertWorkerAccess(dataSource, actor, uuid, 'worker.manage');
  await dataSource.getRepository(Worker).update({ id: uuid }, { wanted });
  channels.send(uuid, { type: 'wanted', wanted });
  return { uuid, wanted };
}
