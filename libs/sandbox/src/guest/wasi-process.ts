import { webcrypto } from 'node:crypto';
import { demand, Errno } from './errno.js';
import type { GuestFate } from './guest-end.js';
import type { GuestMemory } from './guest-memory.js';
import type { WasiHost } from './wasi-functions.js';

type ProcessFunctions = Pick<
  WasiHost,
  | 'args_get'
  | 'args_sizes_get'
  | 'clock_res_get'
  | 'clock_time_get'
  | 'environ_get'
  | 'environ_sizes_get'
  | 'proc_exit'
  | 'random_get'
  | 'sched_yield'
>;

const RANDOM_CHUNK_BYTES = 65_536;
const CLOCKS = 4;
const CLOCK_REALTIME = 0;
const CLOCK_RESOLUTION_NS = 1000n;

/** Nanoseconds of one of the clocks of WASI; both clocks of CPU time are the monotonic one. */
export function clockNs(clock: number): bigint {
  demand(clock >= 0 && clock < CLOCKS, Errno.inval);
  if (clock === CLOCK_REALTIME) return BigInt(Date.now()) * 1_000_000n;
  return (process.hrtime.bigint() / CLOCK_RESOLUTION_NS) * CLOCK_RESOLUTION_NS;
}

function stringSizes(memory: GuestMemory, strings: readonly Buffer[], count: number, size: number): number {
  memory.setU32(count, strings.length);
  memory.setU32(
    size,
    strings.reduce((sum, bytes) => sum + bytes.length, 0),
  );
  return Errno.success;
}

function storeStrings(memory: GuestMemory, strings: readonly Buffer[], table: number, buffer: number): number {
  let at = buffer >>> 0;
  strings.forEach((bytes, index) => {
    memory.setU32((table >>> 0) + index * 4, at);
    memory.bytes(at, bytes.length).set(bytes);
    at += bytes.length;
  });
  return Errno.success;
}

/** Arguments, environment, clocks, randomness and the end of the program. */
export function processFunctions(
  memory: GuestMemory,
  fate: GuestFate,
  order: { readonly args: readonly string[]; readonly env: readonly string[] },
): ProcessFunctions {
  const args = order.args.map((arg) => Buffer.from(`${arg}\0`));
  const env = order.env.map((pair) => Buffer.from(`${pair}\0`));
  return {
    args_get: (table: number, buffer: number) => storeStrings(memory, args, table, buffer),
    args_sizes_get: (count: number, size: number) => stringSizes(memory, args, count, size),
    environ_get: (table: number, buffer: number) => storeStrings(memory, env, table, buffer),
    environ_sizes_get: (count: number, size: number) => stringSizes(memory, env, count, size),
    clock_res_get(clock: number, result: number) {
      demand(clock >= 0 && clock < CLOCKS, Errno.inval);
      memory.setU64(result, clock === CLOCK_REALTIME ? 1_000_000n : CLOCK_RESOLUTION_NS);
      return Errno.success;
    },
    clock_time_get(clock: number, _precision: bigint, result: number) {
      memory.setU64(result, clockNs(clock));
      return Errno.success;
    },
    random_get(address: number, length: number) {
      const target = memory.bytes(address, length);
      for (let at = 0; at < target.length; at += RANDOM_CHUNK_BYTES) {
        webcrypto.getRandomValues(target.subarray(at, at + RANDOM_CHUNK_BYTES));
      }
      return Errno.success;
    },
    proc_exit: (code: number) => fate.exit(code >>> 0),
    sched_yield: () => Errno.success,
  };
}
