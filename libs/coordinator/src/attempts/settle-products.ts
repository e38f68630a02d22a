import type { EntityManager } from 'typeorm';
import { objectKey } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { AttemptReport, LostProduct } from '@mitosis/protocol';
import { settleObjects, type Charge } from '../files/object-ledger.js';
import { publishArtifacts } from '../files/task-artifacts.js';

const NEVER_ARRIVED = 'it never arrived in the store';

/** Looks whether the store has what a report speaks of, with that size; the rest is said to be not kept. */
export async function confirmProducts(store: ObjectStore, report: AttemptReport): Promise<AttemptReport> {
  const { task, attempt, artifacts, output } = report;
  if (artifacts.length === 0 && output?.stored !== 'object') return report;
  const isStored = async (kind: string, sizeBytes: number): Promise<boolean> =>
    (await store.head(objectKey(task, attempt, kind)))?.sizeBytes === sizeBytes;
  const kept = await Promise.all(artifacts.map(({ kind, size_bytes }) => isStored(kind, size_bytes)));
  const hasOutput = output?.stored !== 'object' || (await isStored('output', output.size_bytes));
  const lost: LostProduct[] = artifacts
    .filter((_, index) => !kept[index])
    .map(({ kind }) => ({ kind, why: NEVER_ARRIVED }));
  if (!hasOutput) lost.push({ kind: 'output', why: NEVER_ARRIVED });
  const isNeeded = ({ kind }: LostProduct): boolean => kind === 'result' || kind === 'std-log';
  const isFailure = lost.some(isNeeded) && report.outcome === 'exited' && report.exit_code === 0;
  return {
    ...report,
    ...(isFailure && {
      outcome: 'upload_failed' as const,
      message: `not kept: ${lost.map(({ kind, why }) => `${kind} (${why})`).join(', ')}`,
    }),
    artifacts: artifacts.filter((_, index) => kept[index]),
    output: hasOutput ? output : null,
    not_kept: [...report.not_kept, ...lost],
  };
}

/**
 * What attempts have stored is theirs now: settled by the size really stored, and visible. Returns how
 * the charges of the groups move; what was uploaded and not reported is left to the collector.
 */
export async function publishProducts(
  tx: EntityManager,
  reports: readonly AttemptReport[],
  readableMs: number,
): Promise<Charge[]> {
  const artifacts = reports.flatMap(({ task: taskId, attempt, artifacts: made }) =>
    made.map(({ kind, size_bytes: sizeBytes, sha256, skipped }) => ({
      ...{ taskId, kind, attempt, objectKey: objectKey(taskId, attempt, kind), sizeBytes, sha256, skipped },
    })),
  );
  const outputs = reports
    .filter(({ output }) => output?.stored === 'object')
    .map(({ task, attempt }) => objectKey(task, attempt, 'output'));
  const settled = await settleObjects(tx, [...artifacts.map((artifact) => artifact.objectKey), ...outputs]);
  return [...settled, ...(await publishArtifacts(tx, artifacts, readableMs))];
}
