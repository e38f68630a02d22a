import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import { UUID } from './option-values.js';

/** The UUID of a worker that is named by it, or by its name. Throws `worker_not_found`. */
export async function workerUuid(api: MitosisClient, text: string): Promise<string> {
  if (UUID.test(text)) return text;
  const { workers } = await api.access.workers({ name: text, all: true, limit: 100 });
  // A name belongs to one active worker; those that are gone had it before.
  const found = workers.find(({ state }) => state === 'active') ?? workers[0];
  if (found) return found.uuid;
  const message = `There is no worker "${text}" that you may see. "mito workers query" shows their names.`;
  throw new MitoError('not-found', 'worker_not_found', message);
}
