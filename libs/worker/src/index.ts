export { keepTrying } from './keep-trying.js';
export { Worker } from './worker.js';
export type { WorkerOptions } from './worker-options.js';
export { HostOffer } from './host-offer.js';
export type { HostOfferOptions } from './host-offer.js';
