import type { EntityManager } from 'typeorm';
import { cutText, MitoError } from '@mitosis/domain';

const NAME_MAX = 240;

/** A host's name as one of a worker. */
function nameOfHost(hostname: string): string {
  const plain = hostname.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return cutText(plain, NAME_MAX) || 'worker';
}

export interface NameRequest {
  /** The worker that is to have it, when it has a row. */
  readonly id?: string | undefined;
  /** The name that somebody has chosen. */
  readonly wanted?: string | undefined;
  /** The name that it had. */
  readonly current?: string | undefined;
  readonly hostname: string;
}

/**
 * The name of a worker that starts: what was asked for, what it was called before, or the name of its host, with a
 * number when another active worker is called so. Names are given one after the other, until the end of `tx`.
 * Throws `worker_name_taken` for a name that was asked for.
 */
export async function chooseName(tx: EntityManager, { id, wanted, current, hostname }: NameRequest): Promise<string> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('names of workers', 8))`);
  const base = wanted ?? current ?? nameOfHost(hostname);
  const rows = (await tx.query(
    `SELECT name FROM workers WHERE state = 'active' AND id IS DISTINCT FROM $1
      AND (name = $2 OR starts_with(name, $2 || '-'))`,
    [id ?? null, base],
  )) as { name: string }[];
  const taken = new Set(rows.map(({ name }) => name));
  if (!taken.has(base)) return base;
  if (wanted !== undefined) {
    const message = `another worker is called "${wanted}". Choose another name with --name, or stop that one.`;
    throw new MitoError('conflict', 'worker_name_taken', message, { details: { field: 'name' } });
  }
  for (let number = 2; ; number += 1) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
}

export interface KnownWorker {
  readonly id: string;
  readonly name: string;
  readonly creatorId: string;
  readonly enrolmentId: string | null;
}

/** The worker with this identity, locked; also one that is gone, unless it was revoked. */
export async function findByIdentity(tx: EntityManager, identityHash: Buffer): Promise<KnownWorker | undefined> {
  const [row] = (await tx.query(
    `SELECT id, name, creator_id AS "creatorId", enrolment_id AS "enrolmentId" FROM workers
     WHERE identity_hash = $1 FOR UPDATE`,
    [identityHash],
  )) as KnownWorker[];
  return row;
}
