/** What may be done on the board: it moves, holds back or drops deliveries, which are made again from Postgres. */
const ACTIONS: ReadonlySet<string> = new Set([
  '/api/queues/pause',
  '/api/queues/resume',
  '/api/queues/:queueName/pause',
  '/api/queues/:queueName/resume',
  '/api/queues/:queueName/empty',
  '/api/queues/:queueName/obliterate',
  '/api/queues/:queueName/retry/:queueStatus',
  '/api/queues/:queueName/clean/:queueStatus',
  '/api/queues/:queueName/:jobId/retry',
  '/api/queues/:queueName/:jobId/clean',
]);

/**
 * True for the changes that the board may make. Others would write what only Postgres may say (new
 * jobs, other data, priorities or delays) or use parts of BullMQ that are not used here.
 */
export function isDeliveryAction(method: string, route: string): boolean {
  return method === 'put' && ACTIONS.has(route);
}
