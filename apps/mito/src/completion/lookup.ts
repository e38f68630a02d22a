import type { MitosisClient } from '@mitosis/client';
import { ROLES, TASK_STATES } from '@mitosis/domain';
import type { Lookup, ValueKind } from './complete.js';

const LOOKUP_MS = 2_000;
const VALUES = 100;
const SHELLS = ['bash', 'fish', 'zsh'];

async function asked(api: MitosisClient, kind: ValueKind, signal: AbortSignal): Promise<readonly string[]> {
  const limit = VALUES;
  if (kind === 'task') return (await api.queryTasks({ limit }, { signal })).tasks.map(({ uuid }) => uuid);
  if (kind === 'worker') return (await api.access.workers({ limit })).workers.map(({ uuid }) => uuid);
  return (await api.access.groups({ limit })).groups.map(({ name }) => name);
}

/** Values from the coordinator that `connect` leads to, and those that are always the same. */
export function lookupWith(connect: () => Promise<MitosisClient>): Lookup {
  return async (kind) => {
    if (kind === 'state') return TASK_STATES;
    if (kind === 'role') return ROLES;
    if (kind === 'shell') return SHELLS;
    if (kind === 'artifact-kind') return (await import('@mitosis/protocol')).ARTIFACT_KINDS;
    try {
      return await asked(await connect(), kind, AbortSignal.timeout(LOOKUP_MS));
    } catch {
      // Whoever presses Tab wants proposals or nothing; the command itself will say what is wrong.
      return [];
    }
  };
}
