import type { EntityManager } from 'typeorm';

interface ResultRow {
  readonly worker: string;
  readonly hostname: string;
  readonly sha256: string | null;
}

/**
 * Compares what the two workers of a subtask have printed. Returns undefined when it is the same,
 * otherwise a sentence that names both.
 */
export async function compareSubtask(tx: EntityManager, workload: string, index: number): Promise<string | undefined> {
  const rows = (await tx.query(
    `SELECT a.worker_id AS worker, k.hostname, a.stdout_sha256 AS sha256
     FROM tasks t
     JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
     JOIN workers k ON k.id = a.worker_id
     WHERE t.workload_id = $1 AND t.workload_index = $2 AND t.workload_step IN ('map', 'check')
     ORDER BY t.workload_step DESC`,
    [workload, index],
  )) as ResultRow[];
  const [first, second] = rows;
  if (first?.sha256 != null && first.sha256 === second?.sha256) return undefined;
  const told = rows.map(
    ({ worker, hostname, sha256 }) => `worker ${worker} (${hostname}) printed SHA-256 ${sha256 ?? 'unknown'}`,
  );
  return `subtask ${index} is not deterministic: ${told.join(', ')}`;
}
