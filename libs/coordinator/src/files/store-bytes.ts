import type { DataSource, EntityManager } from 'typeorm';
import type { ObjectStore } from '@mitosis/object-store';
import {
  chargeGroups,
  discardObjects,
  reserveObject,
  settleObjects,
  type Charge,
  type Reservation,
} from './object-ledger.js';

export interface StoreBytesDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  /** Makes the object visible, in the transaction that settles it; returns how the charges move besides. */
  publish(tx: EntityManager): Promise<Charge[]>;
}

/** A coordinator that stores nothing for so long was killed: the collector takes over. */
const USABLE_MS = 600_000;

/** Stores bytes that are at hand, within the quota; when it fails nothing is left. @throws `storage_quota_exceeded`. */
export async function storeBytes(
  { dataSource, store, publish }: StoreBytesDeps,
  object: Reservation,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  await dataSource.transaction((tx) => reserveObject(tx, object, USABLE_MS));
  try {
    await store.put(object.key, bytes, { sizeBytes: bytes.length, contentType });
    await dataSource.transaction(async (tx) =>
      chargeGroups(tx, [...(await settleObjects(tx, [object.key])), ...(await publish(tx))]),
    );
  } catch (error) {
    await dataSource.transaction(async (tx) => chargeGroups(tx, await discardObjects(tx, [object.key], 0)));
    throw error;
  }
}
