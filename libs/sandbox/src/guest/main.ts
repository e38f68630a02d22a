/**
 * The child process of the sandbox: takes one order after the other from stdin and responds on
 * stdout. It reads, computes and writes synchronously, so nothing happens beside the guest, and
 * it ends when the sandbox closes the channel.
 */
import { ChannelClosed, receive, send, sendJson } from './channel.js';
import { ToSandbox, type RunEnd, type RunOrder } from './frame.js';
import { ModuleCache } from './module-cache.js';
import { runGuest } from './run-guest.js';

const modules = new ModuleCache();

/** The compiled program, asked for when it isn't known; undefined when the sandbox refuses it. */
function moduleFor(order: RunOrder): WebAssembly.Module | undefined {
  const key = `${order.sha256}/${order.memoryPages}`;
  const known = modules.get(key);
  if (known !== undefined) return known;
  send(ToSandbox.needProgram, new Uint8Array(0));
  const { payload } = receive();
  if (payload.length === 0) return undefined;
  const module = new WebAssembly.Module(payload);
  modules.add(key, module, payload.length);
  return module;
}

function obey(order: RunOrder, stdin: Uint8Array): RunEnd | undefined {
  try {
    const module = moduleFor(order);
    return module === undefined ? undefined : runGuest(module, order, stdin);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return { exitCode: null, reason: 'invalid_program', message: error.message, peakMemoryBytes: 0 };
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function serve(): never {
  const uptime = Buffer.alloc(8);
  uptime.writeDoubleLE(cpuMs());
  send(ToSandbox.ready, uptime);
  for (;;) {
    const { payload } = receive();
    const before = cpuMs();
    const end = 4 + payload.readUInt32LE(0);
    // parsing: the frame says where its JSON ends
    const order = JSON.parse(payload.toString('utf8', 4, end)) as RunOrder;
    const runEnd = obey(order, payload.subarray(end));
    const processCpuMs = cpuMs();
    if (runEnd !== undefined) sendJson(ToSandbox.done, { ...runEnd, cpuMs: processCpuMs - before, processCpuMs });
  }
}

try {
  serve();
} catch (error) {
  if (!(error instanceof ChannelClosed)) throw error;
}
