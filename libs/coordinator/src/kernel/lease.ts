import { MitoError } from '@mitosis/domain';

/**
 * The fence of every write by a worker: true in SQL for an attempt `a` that is open and whose task, number and lease
 * are the ones given, as parameters or columns. Whoever has lost the lease holds another one, or none.
 */
export function holdsLease(task = '$1', attempt = '$2', lease = '$3'): string {
  return `a.task_id = ${task} AND a.number = ${attempt} AND a.lease = ${lease} AND a.ended_at IS NULL`;
}

/** What a worker gets whose attempt is over, or was taken over by another one. */
export function staleAttempt(): MitoError {
  return new MitoError('conflict', 'stale_attempt', 'the attempt is no longer the current one');
}
