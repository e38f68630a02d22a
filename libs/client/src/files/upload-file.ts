import type { SignedParts, UploadTicket } from '@mitosis/protocol';
import { putSigned, type FilePart, type TransferOptions } from './signed-transfer.js';
import type { StoreRoute } from './store-route.js';
import { withRetries } from './with-retries.js';

/** What is asked of the coordinator in the course of an upload in parts. */
export interface UploadCalls {
  missing(upload: string): Promise<readonly number[]>;
  sign(upload: string, partNumbers: readonly number[]): Promise<SignedParts>;
}

export interface UploadOptions extends TransferOptions {
  readonly route: StoreRoute;
  /** Parts on their way at once. */
  readonly partsAtOnce?: number;
}

/** Parts whose requests are signed together: few, so that none expires before it is sent. */
const SIGNED_TOGETHER = 16;
const PARTS_AT_ONCE = 3;

/**
 * Sends the bytes of a ticket: at once, or those parts that the store does not have yet. Memory does
 * not grow with the file. A part that is cut off is sent again; after this fails, the same ticket continues.
 */
export async function sendFile(
  ticket: UploadTicket,
  file: { path: string; sizeBytes: number },
  calls: UploadCalls,
  options: UploadOptions,
): Promise<void> {
  if (ticket.is_stored) return options.onBytes?.(file.sizeBytes);
  if (ticket.single !== null)
    return putSigned(options.route, ticket.single, { file: file.path, offset: 0, sizeBytes: file.sizeBytes }, options);
  const plan = new PartPlan(ticket, file);
  const missing = await calls.missing(ticket.upload);
  options.onBytes?.(file.sizeBytes - missing.reduce((sum, number) => sum + plan.part(number).sizeBytes, 0));
  const queue = [...missing];
  while (queue.length > 0) await sendParts(ticket.upload, queue.splice(0, SIGNED_TOGETHER), plan, calls, options);
}

async function sendParts(
  upload: string,
  numbers: readonly number[],
  plan: PartPlan,
  calls: UploadCalls,
  options: UploadOptions,
): Promise<void> {
  const { parts } = await calls.sign(upload, numbers);
  const waiting = [...parts];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { part_number: number, request } = next;
      const requests = [request];
      await withRetries(async () => {
        const signed = requests.pop() ?? (await calls.sign(upload, [number])).parts[0]?.request;
        if (signed) await putSigned(options.route, signed, plan.part(number), options);
      }, options.signal);
    }
  };
  await Promise.all(Array.from({ length: options.partsAtOnce ?? PARTS_AT_ONCE }, lane));
}

/** Where each part lies in the file. */
class PartPlan {
  constructor(
    private readonly ticket: UploadTicket,
    private readonly file: { readonly path: string; readonly sizeBytes: number },
  ) {}

  part(number: number): FilePart {
    const offset = (number - 1) * this.ticket.part_size_bytes;
    return {
      file: this.file.path,
      offset,
      sizeBytes: Math.min(this.ticket.part_size_bytes, this.file.sizeBytes - offset),
    };
  }
}
