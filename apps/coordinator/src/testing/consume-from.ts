import { createQueueBackend } from '@mitosis/queue';
import { silentLog, type Scope } from '@mitosis/testing';
import type { CoordinatorFixture } from './coordinator-fixture.js';

/** Takes jobs of the queue `name` from the queue server, and returns the tasks of those that it got. */
export async function consumeFrom(
  scope: Scope,
  { queue }: Pick<CoordinatorFixture, 'queue'>,
  name: string,
  onDelivery: (task: string) => Promise<void>,
): Promise<string[]> {
  const backend = createQueueBackend(queue, silentLog);
  scope.teardown(() => backend.stop());
  await backend.start();
  const got: string[] = [];
  const take = async ({ taskId }: { taskId: string }): Promise<void> => {
    got.push(taskId);
    await onDelivery(taskId);
  };
  const consumer = backend.createConsumer({ slots: 1, stopMs: 100, onDelivery: take });
  await consumer.setQueues([name]);
  await consumer.start();
  return got;
}
