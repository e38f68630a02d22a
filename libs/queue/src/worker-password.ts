import { createHmac } from 'node:crypto';

/**
 * The password of a worker at a queue server, 256 bits, derived so that any replica can grant the
 * same access again (a restarted Redis has forgotten its users) and none needs to be stored.
 */
export function workerPassword(accessKey: string, kind: string, workerId: string): string {
  return createHmac('sha256', accessKey).update(`queue-access/${kind}/${workerId}`).digest('base64url');
}
