import { readSync, writeSync } from 'node:fs';
import { CHUNK_BYTES, FRAME_HEADER_BYTES } from './frame.js';

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

/** Thrown when the other side is gone: there is nobody left to work for. */
export class ChannelClosed extends Error {}

const INPUT = 0;
const OUTPUT = 1;

function readFully(target: Buffer): void {
  let filled = 0;
  while (filled < target.length) {
    const count = readSync(INPUT, target, filled, target.length - filled, null);
    if (count === 0) throw new ChannelClosed('the sandbox closed the channel');
    filled += count;
  }
}

function writeFully(source: Buffer): void {
  let written = 0;
  while (written < source.length) written += writeSync(OUTPUT, source, written);
}

/** Waits for the next frame. The child is synchronous throughout: a guest can't run beside it. */
export function receive(): Frame {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  readFully(header);
  const payload = Buffer.allocUnsafeSlow(header.readUInt32LE(0));
  readFully(payload);
  return { type: header.readUInt8(4), payload };
}

/** Sends one frame, and waits while the sandbox doesn't keep up. */
export function send(type: number, payload: Uint8Array): void {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt8(type, 4);
  frame.set(payload, FRAME_HEADER_BYTES);
  writeFully(frame);
}

/** Sends any number of bytes, as frames of at most {@link CHUNK_BYTES}. */
export function sendChunks(type: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    send(type, bytes.subarray(offset, offset + CHUNK_BYTES));
  }
}

/** Sends `value` as JSON. */
export function sendJson(type: number, value: object): void {
  send(type, Buffer.from(JSON.stringify(value)));
}
