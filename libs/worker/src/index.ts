export { keepTrying } from './keep-trying.js';
export { Worker } from './worker.js';
export type { WorkerOptions } from './worker.js';
