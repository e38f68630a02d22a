export { loadKeyPair } from './auth/key-pair.js';
export type { KeyPair } from './auth/key-pair.js';
export { Coordinator } from './coordinator.js';
export type { CoordinatorOptions } from './coordinator.js';
