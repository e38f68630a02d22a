import type { DataSource, EntityManager } from 'typeorm';
import { MitoError } from '@mitosis/domain';

const TRIES = 6;

/** Postgres has undone one of two transactions that waited for each other, or saw each other's rows. */
function isUndone(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === '40P01' || code === '40001';
}

const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/** True for what pg and TypeORM throw while the database is away: no fault of what was to be stored. */
export function isDatabaseAway(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  return (
    CONNECTION_CODES.has(code) ||
    code.startsWith('08') ||
    /Connection terminated|timeout exceeded when trying to connect/.test(String(error))
  );
}

/**
 * SQLSTATE classes that speak of what was to be stored (data exception, integrity, no such column, limits). All
 * others speak of the server (resources, operator intervention, read-only) and pass.
 */
const FAULT_OF_DATA = /^(?:22|23|42|54)/;

/** True for an error that passes: the same work may succeed later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof MitoError) return error.kind === 'unavailable';
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  return isDatabaseAway(error) || (/^[0-9A-Z]{5}$/.test(code) && !FAULT_OF_DATA.test(code));
}

/**
 * Runs `work` in a transaction, and again when Postgres had to undo it. Tasks are locked in the order
 * of their ids, but a task and those that wait for it can't always be.
 */
export async function inTransaction<T>(dataSource: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await dataSource.transaction(work);
    } catch (error) {
      if (!isUndone(error) || tries === TRIES) throw error;
    }
  }
}
