import type { EntityManager } from 'typeorm';
import {
  assign,
  describeNeeds,
  describeRequirement,
  MitoError,
  tagsMatch,
  UNUSED,
  type Need,
  type Offer,
  type Takes,
  type TaskKind,
} from '@mitosis/domain';
import { servesGroup } from '../kernel/serving.js';

/** What a task asks of a worker. */
export interface Asked {
  readonly group_id: string;
  readonly kind: TaskKind;
  /** Requirements, as they are stored. */
  readonly tags: readonly string[];
  readonly needs: readonly Need[] | null;
}

interface WorkerRow {
  readonly hostname: string;
  readonly tags: string[];
  readonly takes: Takes;
  readonly only_kind: TaskKind | null;
  readonly offer: Offer | null;
}

/** Also those that are away or drain: they may come back. */
const WORKERS = `
  SELECT w.hostname, w.tags, w.takes, w.only_kind, w.offer FROM workers w
  JOIN worker_groups s ON s.worker_id = w.id AND s.group_id = $1 AND ${servesGroup('s')}
  WHERE w.state = 'active' ORDER BY w.last_seen_at DESC`;

/** What of the needs an empty machine lacks; nothing when it could hold them. */
function lacking(offer: Offer | null, needs: readonly Need[] | null): readonly string[] {
  if (needs === null) return [];
  return offer === null ? ['it does not say what its machine has'] : (assign(offer, UNUSED, needs).missing ?? []);
}

function whyImpossible({ kind, tags, needs }: Asked, workers: readonly WorkerRow[]): string | undefined {
  if (workers.length === 0) return 'no worker is registered for the group';
  const ofKind = workers.filter(({ only_kind: only }) => only === null || only === kind);
  if (ofKind.length === 0) return 'all workers of the group take sandboxed programs only';
  const matching = ofKind.filter((worker) => tagsMatch(worker, tags));
  if (matching.length === 0) return `no worker of the group has the tags ${tags.map(describeRequirement).join(', ')}`;
  const [nearest] = matching
    .map(({ hostname, offer }) => ({ hostname, missing: lacking(offer, needs) }))
    .sort((a, b) => a.missing.length - b.missing.length);
  if (!nearest || nearest.missing.length === 0) return undefined;
  const { hostname, missing } = nearest;
  return (
    `no worker of the group offers ${describeNeeds(needs ?? [])}; the nearest is ${hostname}: ` +
    `${missing.join('; ')}`
  );
}

/** Throws `impossible_request` (409) for the first task that no registered worker could run, however empty it was. */
export async function assertPossible(
  tx: EntityManager,
  tasks: readonly { readonly place: number; readonly asked: Asked }[],
): Promise<void> {
  const workers = new Map<string, WorkerRow[]>();
  const known = new Set<string>();
  for (const { place, asked } of tasks) {
    const { group_id: group, kind, tags, needs } = asked;
    const same = JSON.stringify([group, kind, tags, needs]);
    if (known.has(same)) continue;
    known.add(same);
    const rows = workers.get(group) ?? ((await tx.query(WORKERS, [group])) as WorkerRow[]);
    workers.set(group, rows);
    const why = whyImpossible(asked, rows);
    if (why === undefined) continue;
    throw new MitoError('conflict', 'impossible_request', `no registered worker could run this task: ${why}`, {
      details: { field: `tasks.${place}` },
    });
  }
}
