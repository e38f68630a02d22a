import { formatBytes } from '../bytes.js';
import { counted } from '../text.js';

/**
 * What one task needs of a machine, as it travels and is stored. A field that is left out asks for nothing, except
 * cores: a task that asks for no cores counts as one.
 */
export interface Need {
  readonly cpus?: number | undefined;
  readonly mem_bytes?: number | undefined;
  /** Whole devices, or a part of one device below 1 in thousandths. */
  readonly gpus?: number | undefined;
  /** Words of the model's name, e.g. `a100` or `a100-80gb`. */
  readonly gpu_model?: string | undefined;
  /** Free memory of each device; with a part of a device, memory of that part. */
  readonly gpu_mem_bytes?: number | undefined;
  /** In the worker's folder. */
  readonly disk_bytes?: number | undefined;
  /** Countable things that workers offer by name, e.g. `license`. */
  readonly units?: Readonly<Record<string, number>> | undefined;
  /** Nothing else may run on the machine meanwhile. */
  readonly whole_machine?: boolean | undefined;
}

/** Bounds of one need; whoever asks for more has mistyped. */
export const NEED_LIMITS = {
  cpus: 65_536,
  bytes: 2 ** 50,
  gpus: 1024,
  units: 100_000,
  unitNames: 16,
  /** Needs of which one is enough. */
  alternatives: 8,
} as const;

/** Cores that a task counts for which asks for none. */
export const DEFAULT_CPUS = 1;

/** What a name of a countable thing looks like; it becomes a part of `MITO_NEED_NAME`. */
export const UNIT_NAME_PATTERN = /^[a-z][a-z0-9_-]{0,63}$/;

/** A device in thousandths: whole ones are multiples of 1000. */
export const GPU_WHOLE = 1000;

/** Thousandths of devices that a need asks for; a model or memory alone ask for one device. */
export function gpuThousandths({ gpus, gpu_model, gpu_mem_bytes }: Need): number {
  if (gpus !== undefined) return Math.round(gpus * GPU_WHOLE);
  return gpu_model !== undefined || gpu_mem_bytes !== undefined ? GPU_WHOLE : 0;
}

/** True for a number of devices that can be asked for: 1, 2, …, or 0.001 to 0.999 in steps of a thousandth. */
export function isGpuCount(gpus: number): boolean {
  if (Number.isInteger(gpus)) return gpus >= 0 && gpus <= NEED_LIMITS.gpus;
  const thousandths = gpus * GPU_WHOLE;
  return gpus > 0 && gpus < 1 && Math.abs(thousandths - Math.round(thousandths)) < 1e-6 && Math.round(thousandths) > 0;
}

function describeGpus(need: Need): string[] {
  const thousandths = gpuThousandths(need);
  if (thousandths === 0) return [];
  const { gpu_model: model, gpu_mem_bytes: memory } = need;
  const count =
    thousandths < GPU_WHOLE ? `${thousandths / GPU_WHOLE} of a GPU` : counted(thousandths / GPU_WHOLE, 'GPU');
  return [
    `${count}${model === undefined ? '' : ` ${model}`}${memory === undefined ? '' : ` with ${formatBytes(memory)}`}`,
  ];
}

/** One need for people: `4 cores, 16.0 GiB of memory, 1 GPU a100`. */
export function describeNeed(need: Need): string {
  const { cpus, mem_bytes: memory, disk_bytes: disk, units = {}, whole_machine: isWhole } = need;
  const parts = [
    ...(isWhole ? ['a whole machine'] : []),
    ...(cpus === undefined ? [] : [counted(cpus, 'core')]),
    ...(memory === undefined ? [] : [`${formatBytes(memory)} of memory`]),
    ...describeGpus(need),
    ...(disk === undefined ? [] : [`${formatBytes(disk)} of disk`]),
    ...Object.entries(units).map(([name, count]) => `${name}=${count}`),
  ];
  return parts.length === 0 ? counted(DEFAULT_CPUS, 'core') : parts.join(', ');
}

/** All alternatives for people. */
export function describeNeeds(needs: readonly Need[]): string {
  return needs.map(describeNeed).join(', or ');
}
