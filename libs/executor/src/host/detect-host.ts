import { createHash } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { availableParallelism, hostname, totalmem } from 'node:os';
import path from 'node:path';
import type { Offer } from '@mitosis/domain';
import { cpuQuota, memoryLimit } from './cgroups.js';
import { detectGpus } from './detect-gpus.js';
import { HOST, readHostFile, type HostPaths } from './host-paths.js';

/** Longest time that is waited for the tools of the drivers. */
export const DETECT_MS = 10_000;

export interface DetectOptions {
  readonly workDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host?: HostPaths;
  readonly timeoutMs?: number;
  /** False: nothing is looked for; the disk is that of the work folder all the same. */
  readonly isDetecting?: boolean;
}

/** What the machine has and this process may use. */
export interface DetectedHost {
  readonly offer: Offer;
  readonly totalGpus: number;
  /** False when a tool could not tell whether there are devices. */
  readonly isGpuKnown: boolean;
  readonly remarks: readonly string[];
}

/** `0-3,8` is 0, 1, 2, 3, 8. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split('-').map((number) => Number.parseInt(number, 10));
      return last >= first ? Array.from({ length: last - first + 1 }, (_, place) => first + place) : [];
    });
}

/** The cores of the affinity mask; as many as the limit of the control group lets us use, one at least. */
function detectCores(host: HostPaths): Pick<Offer, 'cpus' | 'cores'> & { readonly remarks: string[] } {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readHostFile(host.proc, 'self/status') ?? '')?.[1];
  const cores = list === undefined ? [] : parseCpuList(list);
  const all = cores.length > 0 ? cores.length : availableParallelism();
  const quota = cpuQuota(host) ?? all;
  const cpus = Math.max(Math.min(Math.floor(quota), all), 1);
  const remarks = cpus < all ? [`the control group allows ${Number(quota.toFixed(2))} of ${all} cores`] : [];
  // A limit of time does not say which cores: then they can't be told apart.
  return { cpus, cores: cpus < all ? [] : cores, remarks };
}

function detectMemory(host: HostPaths): { readonly bytes: number; readonly remarks: string[] } {
  const total = totalmem();
  const limit = memoryLimit(host) ?? total;
  return limit < total ? { bytes: limit, remarks: ['the control group limits memory'] } : { bytes: total, remarks: [] };
}

async function freeDisk(dir: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/**
 * Looks at the machine: cores, memory, disk of the work folder, devices. Takes {@link DETECT_MS} at most, and a little.
 */
export async function detectHost(options: DetectOptions): Promise<DetectedHost> {
  const { workDir, env, host = HOST, timeoutMs = DETECT_MS, isDetecting = true } = options;
  if (!isDetecting) {
    const offer = { cpus: 0, cores: [], mem_bytes: 0, disk_bytes: await freeDisk(workDir), gpus: [], units: {} };
    return { offer, totalGpus: 0, isGpuKnown: true, remarks: [] };
  }
  const { remarks: coreRemarks, ...cores } = detectCores(host);
  const memory = detectMemory(host);
  const [disk, gpus] = await Promise.all([freeDisk(workDir), detectGpus({ host, env, timeoutMs })]);
  return {
    offer: { ...cores, mem_bytes: memory.bytes, disk_bytes: disk, gpus: gpus.gpus, units: {} },
    totalGpus: gpus.total,
    isGpuKnown: gpus.isKnown,
    remarks: [...coreRemarks, ...memory.remarks, ...gpus.remarks],
  };
}

/**
 * A name for the running machine: the same for all processes and containers on it, another one after it was started
 * again, when nothing of an old attempt can be left. Not the identifier itself, which is not ours to tell.
 */
export function machineName(host: HostPaths = HOST): string {
  const boot = readHostFile(host.proc, 'sys/kernel/random/boot_id') ?? readHostFile('/etc/machine-id') ?? hostname();
  return createHash('sha256').update(`mitosis ${boot.trim()}`).digest('hex');
}

/** A name for a work folder of a machine: whoever starts there ends what was left there. */
export function placeName(machine: string, workDir: string): string {
  return createHash('sha256')
    .update(`${machine} ${path.resolve(workDir)}`)
    .digest('hex');
}
