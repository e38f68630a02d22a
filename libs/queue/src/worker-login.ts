import { invalidField } from '@mitosis/domain';

const WORKER_ID_PATTERN = /^[A-Za-z0-9_-]{1,40}$/;

/** The login of a worker at a queue server. Throws `invalid_request` on an id that is not plain. */
export function workerLogin(prefix: string, workerId: string): string {
  if (!WORKER_ID_PATTERN.test(workerId)) {
    throw invalidField('workerId', 'must be 1 to 40 letters, digits, "-" or "_"');
  }
  return `${prefix}${workerId}`;
}
