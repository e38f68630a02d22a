import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { isAllowed, MitoError } from '@mitosis/domain';
import type { ObjectInfo, ObjectStore } from '@mitosis/object-store';
import type { StorageReport } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { chargeGroups, discardObjects } from './object-ledger.js';

const BATCH = 1000;
const SHOWN_MAX = 1000;

type Finding = StorageReport['objects_without_rows'][number];
type Miscount = StorageReport['groups_miscounted'][number];

export interface CheckStorageDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
}

/**
 * Compares every object of the store with the rows. It may run beside everything else: what it finds
 * is looked at a second time before it counts. The keys wait in a temporary table, not in memory.
 */
export function checkStorageWith({ dataSource, store }: CheckStorageDeps) {
  return async (actor: UserActor, { repair }: { readonly repair: boolean }): Promise<StorageReport> => {
    if (!isAllowed(actor, { action: 'storage.check' }))
      throw new MitoError('forbidden', 'admin_required', 'this is for site administrators');
    const runner = dataSource.createQueryRunner();
    try {
      return await check(new Comparison(runner, store), dataSource, store, repair);
    } finally {
      await runner.query('DROP TABLE IF EXISTS pg_temp.seen_objects');
      await runner.release();
    }
  };
}

async function check(
  comparison: Comparison,
  dataSource: DataSource,
  store: ObjectStore,
  repair: boolean,
): Promise<StorageReport> {
  const startedAt = await comparison.start();
  const { objects, bytes } = await comparison.listStore();
  const strays = await comparison.objectsWithoutRows();
  const missing = await comparison.rowsWithoutObjects(startedAt);
  const unfinished = await comparison.unfinishedWithoutRows();
  if (repair) {
    for (const { key } of strays) await store.delete(key);
    for (const upload of unfinished) await store.multipart.abort(upload);
    await dropRows(
      dataSource,
      missing.map(({ key }) => key),
    );
  }
  const miscounted = await comparison.groupsMiscounted();
  if (repair) await recount(dataSource);
  const isClean = strays.length + missing.length + unfinished.length + miscounted.length === 0;
  return {
    checked_at: startedAt,
    is_clean: isClean,
    is_repaired: repair && !isClean,
    objects,
    bytes,
    pending: await comparison.pending(),
    objects_without_rows_count: strays.length,
    objects_without_rows: strays.slice(0, SHOWN_MAX),
    rows_without_objects_count: missing.length,
    rows_without_objects: missing.slice(0, SHOWN_MAX),
    unfinished_without_rows_count: unfinished.length,
    groups_miscounted: miscounted,
  };
}

/** What the database and the store disagree about, with the keys of the store in a table of this connection. */
class Comparison {
  constructor(
    private readonly runner: QueryRunner,
    private readonly store: ObjectStore,
  ) {}

  /** The database's clock: rows that change later are not judged. */
  async start(): Promise<string> {
    await this.runner.query(
      `CREATE TEMPORARY TABLE IF NOT EXISTS seen_objects (
         key text COLLATE "C" PRIMARY KEY, size_bytes bigint NOT NULL)`,
    );
    await this.runner.query('TRUNCATE pg_temp.seen_objects');
    const [row] = (await this.runner.query('SELECT clock_timestamp() AS now')) as { now: Date }[];
    return (row?.now ?? new Date()).toISOString();
  }

  async listStore(): Promise<{ objects: number; bytes: number }> {
    let [objects, bytes] = [0, 0];
    const batch: ObjectInfo[] = [];
    for await (const info of this.store.list('')) {
      objects += 1;
      bytes += info.sizeBytes;
      batch.push(info);
      if (batch.length === BATCH) await this.note(batch.splice(0));
    }
    await this.note(batch);
    return { objects, bytes };
  }

  async objectsWithoutRows(): Promise<Finding[]> {
    const rows = (await this.runner.query(
      `SELECT s.key, s.size_bytes FROM pg_temp.seen_objects s 
       WHERE NOT EXISTS (SELECT 1 FROM objects o WHERE o.key = s.key) ORDER BY s.key`,
    )) as { key: string; size_bytes: string }[];
    // Collected since it was listed: gone from both sides.
    return this.keep(rows, async ({ key }) => (await this.store.head(key)) !== undefined);
  }

  async rowsWithoutObjects(startedAt: string): Promise<Finding[]> {
    const rows = (await this.runner.query(
      `SELECT o.key, o.size_bytes FROM objects o LEFT JOIN pg_temp.seen_objects s ON s.key = o.key
         AND s.size_bytes = o.size_bytes
       WHERE o.state = 'stored' AND o.stored_at < $1 AND s.key IS NULL ORDER BY o.key`,
      [startedAt],
    )) as { key: string; size_bytes: string }[];
    return this.keep(
      rows,
      async ({ key, size_bytes: size }) =>
        (await this.store.head(key))?.sizeBytes !== size && (await this.isStored(key)),
    );
  }

  async unfinishedWithoutRows(): Promise<{ key: string; uploadId: string }[]> {
    const strays: { key: string; uploadId: string }[] = [];
    for await (const { key, uploadId } of this.store.multipart.unfinished('')) {
      const rows = (await this.runner.query('SELECT 1 FROM objects WHERE key = $1', [key])) as unknown[];
      if (rows.length === 0) strays.push({ key, uploadId });
    }
    return strays;
  }

  /** One statement, so one moment. */
  async groupsMiscounted(): Promise<Miscount[]> {
    const rows = (await this.runner.query(
      `SELECT g.name AS group, g.storage_used_bytes AS used, g.storage_reserved_bytes AS reserved,
         coalesce(sum(o.size_bytes) FILTER (WHERE o.state = 'stored'), 0) AS stored,
         coalesce(sum(o.size_bytes) FILTER (WHERE o.state = 'reserved'), 0) AS expected
       FROM groups g LEFT JOIN objects o ON o.group_id = g.id GROUP BY g.id
       HAVING g.storage_used_bytes <> coalesce(sum(o.size_bytes) FILTER (WHERE o.state = 'stored'), 0)
         OR g.storage_reserved_bytes <> coalesce(sum(o.size_bytes) FILTER (WHERE o.state = 'reserved'), 0)
       ORDER BY g.name LIMIT ${SHOWN_MAX}`,
    )) as Record<'group' | 'used' | 'reserved' | 'stored' | 'expected', string>[];
    return rows.map(({ group, used, reserved, stored, expected }) => ({
      group,
      used_bytes: Number(used),
      stored_bytes: Number(stored),
      reserved_bytes: Number(reserved),
      expected_reserved_bytes: Number(expected),
    }));
  }

  async pending(): Promise<number> {
    const [row] = (await this.runner.query(`SELECT count(*) AS count FROM objects WHERE state <> 'stored'`)) as {
      count: string;
    }[];
    return Number(row?.count);
  }

  private async note(batch: readonly ObjectInfo[]): Promise<void> {
    await this.runner.query(
      `INSERT INTO pg_temp.seen_objects SELECT * FROM unnest($1::text[], $2::bigint[])
       ON CONFLICT (key) DO UPDATE SET size_bytes = excluded.size_bytes`,
      [batch.map(({ key }) => key), batch.map(({ sizeBytes }) => sizeBytes)],
    );
  }

  private async isStored(key: string): Promise<boolean> {
    const rows = (await this.runner.query(`SELECT 1 FROM objects WHERE key = $1 AND state = 'stored'`, [
      key,
    ])) as unknown[];
    return rows.length > 0;
  }

  private async keep(
    rows: readonly { key: string; size_bytes: string }[],
    isStill: (finding: Finding) => Promise<boolean>,
  ): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const { key, size_bytes } of rows) {
      const finding = { key, size_bytes: Number(size_bytes) };
      if (await isStill(finding)) findings.push(finding);
    }
    return findings;
  }
}

/** The files are lost; what is left of them would only mislead. */
async function dropRows(dataSource: DataSource, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await dataSource.transaction(async (tx) => {
    await tx.query('DELETE FROM artifacts WHERE object_key = ANY ($1)', [keys]);
    await tx.query('DELETE FROM attachments WHERE object_key = ANY ($1)', [keys]);
    await dropPacks(tx, keys);
    await tx.query('DELETE FROM programs WHERE object_key = ANY ($1)', [keys]);
    await tx.query('UPDATE attempts SET output_key = NULL WHERE output_key = ANY ($1)', [keys]);
    await chargeGroups(tx, await discardObjects(tx, keys, 0));
  });
}

/** No object changes while the table is locked, so the sums are true when they are written. */
async function recount(dataSource: DataSource): Promise<void> {
  await dataSource.transaction(async (tx) => {
    await tx.query('LOCK TABLE objects IN SHARE MODE');
    await tx.query(
      `UPDATE groups g SET storage_used_bytes = s.stored, storage_reserved_bytes = s.reserved
       FROM (SELECT g.id, coalesce(sum(o.size_bytes) FILTER (WHERE o.state = 'stored'), 0) AS stored,
               coalesce(sum(o.size_bytes) FILTER (WHERE o.state = 'reserved'), 0) AS reserved
             FROM groups g LEFT JOIN objects o ON o.group_id = g.id GROUP BY g.id) s
       WHERE s.id = g.id AND (g.storage_used_bytes, g.storage_reserved_bytes) IS DISTINCT FROM (s.stored, s.reserved)`,
    );
  });
}

/** Forgets packs whose objects are lost, and the folders that needed them. */
async function dropPacks(tx: EntityManager, keys: readonly string[]): Promise<void> {
  await tx.query(
    `WITH gone AS (DELETE FROM code_packs WHERE object_key = ANY ($1) RETURNING group_id, sha256)
     DELETE FROM code_trees c USING gone WHERE c.group_id = gone.group_id
     AND (c.packs @> ARRAY[gone.sha256] OR c.sha256 = gone.sha256)`,
    [keys],
  );
}
