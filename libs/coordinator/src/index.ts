export { createFirstAdmin } from './access/bootstrap-admin.js';
export { loadKeyPair } from './auth/key-pair.js';
export type { KeyPair } from './auth/key-pair.js';
export { Coordinator } from './coordinator.js';
export type { CoordinatorOptions } from './coordinator.js';
export { checkCoordinator } from './doctor/check-coordinator.js';
export type { CoordinatorToCheck } from './doctor/check-coordinator.js';
export { examine } from './doctor/examine.js';
