import type { ToWorker } from '@mitosis/protocol';

/** Sends a message to a worker, through whichever replica holds its channel. A message to one that is away is lost. */
export interface TellWorker {
  send(workerId: string, message: ToWorker): void;
}
