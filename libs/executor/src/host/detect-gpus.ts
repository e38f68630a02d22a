import { execFile } from 'node:child_process';
import path from 'node:path';
import type { OfferedGpu } from '@mitosis/domain';
import { listHostFolder, mayUseDevice, readHostFile, type HostPaths } from './host-paths.js';

export interface GpuOptions {
  readonly host: HostPaths;
  /** The environment of the worker: its `*_VISIBLE_DEVICES` bound what it may give out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

/**
 * What was found. `isKnown` is false when a tool could not
 * tell: then the last answer is no longer good, but not "none".
 */
export interface FoundGpus {
  readonly gpus: readonly OfferedGpu[];
  /** All that the machine has, also those that this worker may not use. */
  readonly total: number;
  readonly isKnown: boolean;
  /** Why devices are missing, in words. */
  readonly remarks: readonly string[];
}

const NONE: FoundGpus = { gpus: [], total: 0, isKnown: true, remarks: [] };

interface Ran {
  readonly stdout: string;
  readonly problem?: string;
  readonly isMissing?: boolean;
}

/**
 * Runs a tool of a driver. A driver that hangs makes it unkillable (state D), so its end is not waited for longer than
 * `timeoutMs`, whatever becomes of the process.
 */
function runTool(file: string, args: readonly string[], { env, timeoutMs }: GpuOptions): Promise<Ran> {
  return new Promise((resolve) => {
    const { PATH = '/usr/local/bin:/usr/bin:/bin' } = env;
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve({ stdout: '', problem: `${file} did not answer within ${timeoutMs / 1000} s` });
    }, timeoutMs);
    const child = execFile(file, [...args], { env: { PATH, LC_ALL: 'C' }, maxBuffer: 4 * 2 ** 20 }, (error, stdout) => {
      clearTimeout(late);
      if (!error) return resolve({ stdout });
      if (error.code === 'ENOENT') return resolve({ stdout: '', isMissing: true });
      const said = stdout.trim().split('\n')[0] ?? '';
      resolve({
        stdout: '',
        problem: `${file} ended with ${error.code ?? error.signal}${said === '' ? '' : `: ${said}`}`,
      });
    });
  });
}

interface Device extends Omit<OfferedGpu, 'index'> {
  readonly bus: string;
}

/** Ranked by their place on the bus, as CUDA_DEVICE_ORDER=PCI_BUS_ID has them. */
function ranked(devices: readonly Device[]): OfferedGpu[] {
  const inOrder = devices.toSorted((a, b) => (a.bus < b.bus ? -1 : a.bus > b.bus ? 1 : 0));
  return inOrder.map(({ bus: _bus, ...device }, index) => ({ ...device, index }));
}

/** The devices that a list names by index, identifier or the beginning of one; it ends at the first that is none. */
function visible(gpus: readonly OfferedGpu[], list: string | undefined): OfferedGpu[] {
  if (list === undefined) return [...gpus];
  const found: OfferedGpu[] = [];
  for (const item of list.split(',').map((part) => part.trim())) {
    const matches = /^\d+$/.test(item)
      ? gpus.filter(({ index }) => index === Number(item))
      : gpus.filter(({ id }) => item !== '' && id.startsWith(item));
    const [match] = matches;
    if (!match || matches.length > 1) break;
    if (!found.includes(match)) found.push(match);
  }
  return found;
}

const MIB = 2 ** 20;
const QUERY = ['index', 'uuid', 'name', 'memory.total', 'memory.free', 'pci.bus_id'];

function nvidiaDevices(csv: string): Device[] {
  return csv.split('\n').flatMap((line): Device[] => {
    const [, id = '', model = '', total = '', free = '', bus = ''] = line.split(',').map((cell) => cell.trim());
    if (!/^(GPU|MIG)-/.test(id)) return [];
    const bytes = (text: string): number => (Number.isFinite(Number(text)) ? Number(text) * MIB : 0);
    return [{ id, model, mem_bytes: bytes(total), free_bytes: bytes(free), maker: 'nvidia', bus }];
  });
}

/** A device that is cut into MIG parts is offered as those: nobody may use it whole (`nvidia-smi -L`). */
function withMigParts(devices: readonly Device[], listing: string): Device[] {
  const parts = new Map<string, Device[]>();
  let owner: Device | undefined;
  for (const line of listing.split('\n')) {
    const gpu = /\(UUID: (GPU-[^)]+)\)/.exec(line)?.[1];
    if (gpu !== undefined) owner = devices.find(({ id }) => id === gpu);
    const [, profile = '', id] = /MIG (\S+).*\(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (!owner || id === undefined) continue;
    const bytes = Number(/(\d+)gb/i.exec(profile)?.[1] ?? 0) * 2 ** 30;
    const own = parts.get(owner.id) ?? [];
    const bus = `${owner.bus}.${String(own.length).padStart(2, '0')}`;
    own.push({ ...owner, id, model: `${owner.model} MIG ${profile}`, mem_bytes: bytes, free_bytes: bytes, bus });
    parts.set(owner.id, own);
  }
  return devices.flatMap((device) => parts.get(device.id) ?? [device]);
}

/** What the kernel module shows without any tool; it knows nothing of memory. */
function nvidiaFromProc({ proc }: HostPaths): Device[] {
  const folder = path.join(proc, 'driver/nvidia/gpus');
  return listHostFolder(folder).flatMap((bus): Device[] => {
    const text = readHostFile(folder, bus, 'information') ?? '';
    const id = /^GPU UUID:\s*(\S+)/m.exec(text)?.[1];
    const model = /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? 'NVIDIA';
    return id === undefined ? [] : [{ id, model, mem_bytes: 0, free_bytes: 0, maker: 'nvidia', bus }];
  });
}

/** The number of the device file of an NVIDIA card. */
function minorOf(gpu: OfferedGpu, { proc }: HostPaths): string {
  const folder = path.join(proc, 'driver/nvidia/gpus');
  for (const bus of listHostFolder(folder)) {
    const text = readHostFile(folder, bus, 'information') ?? '';
    if (text.includes(gpu.id)) return /^Device Minor:\s*(\d+)/m.exec(text)?.[1] ?? String(gpu.index);
  }
  return String(gpu.index);
}

function permitted(gpus: readonly OfferedGpu[], options: GpuOptions, variables: readonly string[]): FoundGpus {
  const { env, host } = options;
  const seen = variables.reduce((list, name) => visible(list, env[name]), [...gpus]);
  const remarks =
    seen.length < gpus.length
      ? [
          `${variables.find((name) => env[name] !== undefined)} hides ${gpus.length - seen.length} of ${gpus.length} ` +
            'devices',
        ]
      : [];
  const usable = seen.filter((gpu) => {
    if (gpu.maker !== 'nvidia') return true;
    const file = path.join(host.dev, `nvidia${minorOf(gpu, host)}`);
    if (mayUseDevice(file)) return true;
    remarks.push(`${file} can't be opened by this account, so ${gpu.id} is not offered`);
    return false;
  });
  return { gpus: usable, total: gpus.length, isKnown: true, remarks };
}

async function detectNvidia(options: GpuOptions): Promise<FoundGpus> {
  const ran = await runTool('nvidia-smi', [`--query-gpu=${QUERY.join(',')}`, '--format=csv,noheader,nounits'], options);
  if (ran.problem !== undefined) return { ...NONE, isKnown: false, remarks: [ran.problem] };
  const devices = ran.isMissing ? nvidiaFromProc(options.host) : nvidiaDevices(ran.stdout);
  if (devices.length === 0) return NONE;
  const listing = ran.isMissing ? '' : (await runTool('nvidia-smi', ['-L'], options)).stdout;
  return permitted(ranked(withMigParts(devices, listing)), options, ['CUDA_VISIBLE_DEVICES']);
}

function amdDevices(json: string): Device[] {
  const cards = JSON.parse(json) as Record<string, Record<string, string>>;
  return Object.entries(cards).flatMap(([card, facts]): Device[] => {
    if (!/^card\d+$/.test(card)) return [];
    const fact = (name: RegExp): string => Object.entries(facts).find(([key]) => name.test(key))?.[1] ?? '';
    const total = Number(fact(/^VRAM Total Memory/i)) || 0;
    const unique = fact(/^Unique ID/i).replace(/^0x/, '');
    return [
      {
        id: unique === '' || unique === 'N/A' ? card : `GPU-${unique}`,
        model: fact(/^Card Series/i) || fact(/^Card Model/i) || 'AMD',
        mem_bytes: total,
        free_bytes: Math.max(total - (Number(fact(/^VRAM Total Used/i)) || 0), 0),
        maker: 'amd',
        bus: fact(/^PCI Bus/i) || card,
      },
    ];
  });
}

async function detectAmd(options: GpuOptions): Promise<FoundGpus> {
  const args = ['--showuniqueid', '--showproductname', '--showmeminfo', 'vram', '--showbus', '--json'];
  const ran = await runTool('rocm-smi', args, options);
  if (ran.problem !== undefined) return { ...NONE, isKnown: false, remarks: [ran.problem] };
  if (ran.isMissing) return NONE;
  try {
    return permitted(ranked(amdDevices(ran.stdout)), options, ['ROCR_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES']);
  } catch {
    return { ...NONE, isKnown: false, remarks: ['rocm-smi answered with something that is not JSON'] };
  }
}

/**
 * The devices of this machine that this worker may give out; takes no longer than the timeout, whatever a driver does.
 */
export async function detectGpus(options: GpuOptions): Promise<FoundGpus> {
  const [nvidia, amd] = await Promise.all([detectNvidia(options), detectAmd(options)]);
  return {
    gpus: [...nvidia.gpus, ...amd.gpus],
    total: nvidia.total + amd.total,
    isKnown: nvidia.isKnown && amd.isKnown,
    remarks: [...nvidia.remarks, ...amd.remarks],
  };
}
