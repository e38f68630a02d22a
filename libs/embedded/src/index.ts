export { DataDirLock } from './data-dir-lock.js';
export type { DataDirLockOptions } from './data-dir-lock.js';
export { EmbeddedPostgres } from './embedded-postgres.js';
export type { EmbeddedPostgresOptions } from './embedded-postgres.js';
export { isSameProcess, processIdentity } from './process-identity.js';
export type { ProcessIdentity } from './process-identity.js';
export { freePort } from './free-port.js';
export { GuardedChild } from './guarded-child.js';
export type { GuardedChildOptions, RunAs } from './guarded-child.js';
