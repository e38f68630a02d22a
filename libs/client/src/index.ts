export type { OutputItem } from './follow-output.js';
export { MitosisClient } from './mitosis-client.js';
export type { CallOptions, SubmitOptions, TaskFilter } from './mitosis-client.js';
export type { TransportOptions } from './transport.js';
export { WorkerClient, registerWorker } from './worker-client.js';
export { FilesApi } from './files/files-api.js';
export type { AttachmentFilter } from './files/files-api.js';
export type { Download } from './files/download-file.js';
export type { TransferOptions } from './files/signed-transfer.js';
