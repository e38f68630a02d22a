import { WasiError } from './errno.js';
import type { GuestFate } from './guest-end.js';
import { descriptorFunctions, type GuestFiles } from './wasi-descriptors.js';
import { WASI_FUNCTIONS, type HostFunction, type WasiFunction, type WasiHost } from './wasi-functions.js';
import { pathFunctions } from './wasi-paths.js';
import { pollFunctions } from './wasi-poll.js';
import { processFunctions } from './wasi-process.js';

/** Lets a function end the guest or answer with an error number, and nothing else. */
function guarded(call: HostFunction, fate: GuestFate): HostFunction {
  return (...args) => {
    fate.check();
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof WasiError) return error.errno;
      throw error;
    }
  };
}

/** WASI preview 1 for one run of one program, on `files` and what `order` gives it. */
export function wasiHost(
  files: GuestFiles,
  fate: GuestFate,
  order: { readonly args: readonly string[]; readonly env: readonly string[] },
): WasiHost {
  const host: WasiHost = {
    ...processFunctions(files.memory, fate, order),
    ...pollFunctions(files.memory),
    ...descriptorFunctions(files),
    ...pathFunctions(files),
  };
  const entries = WASI_FUNCTIONS.map((name): [WasiFunction, HostFunction] => [name, guarded(host[name], fate)]);
  return Object.fromEntries(entries) as WasiHost;
}
