import type { WorkerRegistration } from '@mitosis/protocol';
import { createQueueBackend, type QueueConfig } from '@mitosis/queue';
import { silentLog, type Scope } from '@mitosis/testing';

/** Takes jobs of the queue `name` as a worker does, and answers the tasks of those that it got. */
export async function consumeFrom(
  scope: Scope,
  { queue }: WorkerRegistration,
  name: string,
  onDelivery: (task: string) => Promise<void>,
): Promise<string[]> {
  const backend = createQueueBackend(queue as unknown as QueueConfig, silentLog);
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
