import { FolderStore } from './folder/folder-store.js';
import type { ObjectStore, ObjectStoreConfig } from './object-store.js';
import { S3Store } from './s3/s3-store.js';

/** Chooses the store. Nothing is touched before `prepare` or `start`. @throws MitoError `invalid`. */
export function createObjectStore(config: ObjectStoreConfig): ObjectStore {
  return config.kind === 'folder' ? new FolderStore(config) : new S3Store(config);
}
