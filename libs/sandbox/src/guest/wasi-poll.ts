import { demand, Errno } from './errno.js';
import type { GuestMemory } from './guest-memory.js';
import type { WasiHost } from './wasi-functions.js';
import { clockNs } from './wasi-process.js';

const SUBSCRIPTIONS_MAX = 64;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const EVENT_CLOCK = 0;
const FLAG_ABSOLUTE = 1;

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  /** How long until it happens; 0 for a descriptor: reads and writes never make a guest wait. */
  readonly delayNs: bigint;
}

function readSubscription(memory: GuestMemory, at: number): Subscription {
  const userdata = memory.u64(at);
  const type = memory.u8(at + 8);
  if (type !== EVENT_CLOCK) return { userdata, type, delayNs: 0n };
  const timeout = memory.u64(at + 24);
  const isAbsolute = (memory.u16(at + 40) & FLAG_ABSOLUTE) !== 0;
  const delayNs = isAbsolute ? timeout - clockNs(memory.u32(at + 16)) : timeout;
  return { userdata, type, delayNs: delayNs > 0n ? delayNs : 0n };
}

function writeEvent(memory: GuestMemory, at: number, { userdata, type }: Subscription): void {
  memory.bytes(at, EVENT_BYTES).fill(0);
  memory.setU64(at, userdata);
  memory.setU8(at + 10, type);
  if (type !== EVENT_CLOCK) memory.setU64(at + 16, 1n);
}

/** Sleeps without using the CPU; the sandbox's own limits end a guest that sleeps too long. */
function sleep(delayNs: bigint): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(cell, 0, 0, Number(delayNs) / 1e6);
}

/** Waiting for clocks and descriptors. */
export function pollFunctions(memory: GuestMemory): Pick<WasiHost, 'poll_oneoff'> {
  return {
    poll_oneoff(subscriptions: number, events: number, count: number, result: number) {
      demand(count > 0 && count <= SUBSCRIPTIONS_MAX, Errno.inval);
      const all = Array.from({ length: count }, (_, index) =>
        readSubscription(memory, (subscriptions >>> 0) + index * SUBSCRIPTION_BYTES),
      );
      const soonest = all.reduce((least, { delayNs }) => (delayNs < least ? delayNs : least), all[0]?.delayNs ?? 0n);
      if (soonest > 0n) sleep(soonest);
      const due = all.filter(({ delayNs }) => delayNs <= soonest);
      due.forEach((event, index) => writeEvent(memory, (events >>> 0) + index * EVENT_BYTES, event));
      memory.setU32(result, due.length);
      return Errno.success;
    },
  };
}
