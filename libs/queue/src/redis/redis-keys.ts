import { parseQueueName } from '@mitosis/domain';

/** The BullMQ prefix of a queue: one per group, with the group as hash tag. */
export function groupPrefix(prefix: string, group: string): string {
  return `${prefix}:{${group}}`;
}

export function queuePrefix(prefix: string, queue: string): string {
  return groupPrefix(prefix, parseQueueName(queue).group);
}

/** The sorted set on which BullMQ's consumers block. */
export function markerKey(prefix: string, queue: string): string {
  return `${queuePrefix(prefix, queue)}:${queue}:marker`;
}

/** A key of our own in the group of `queue`; `~` starts no queue's name. */
export function interruptKey(prefix: string, queue: string, id: string): string {
  return `${queuePrefix(prefix, queue)}:~interrupt:${id}`;
}

/** The set of the queues in use; only the coordinator touches it. */
export function registryKey(prefix: string): string {
  return `${prefix}:queues`;
}
