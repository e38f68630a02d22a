export type { OutputItem } from './follow-output.js';
export { MitosisClient } from './mitosis-client.js';
export type { CallOptions, SubmitOptions, TaskFilter } from './mitosis-client.js';
export type { TransportOptions } from './transport.js';
export { WorkerClient, registerWorker } from './worker-client.js';
