import type { Assignment } from './assign.js';

/** How devices are named to programs. */
export type GpuNaming = 'uuid' | 'index';

/** Variables of libraries that would otherwise start a thread for each core of the machine. */
const THREAD_VARIABLES = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMEXPR_NUM_THREADS'] as const;

/** A task without a device sees none: CUDA and ROCm take a list that begins with an invalid index for an empty one. */
const NO_DEVICE = '-1';

/** The name of the variable for the units of a kind: `fpga` is `MITO_NEED_FPGA`. */
export function needVariable(name: string): `MITO_${string}` {
  return `MITO_NEED_${name.toUpperCase().replaceAll('-', '_')}`;
}

function maskOf({ gpus }: Assignment, maker: 'nvidia' | 'amd', naming: GpuNaming): string {
  const own = gpus.filter((gpu) => gpu.maker === maker);
  if (own.length === 0) return NO_DEVICE;
  return own.map(({ id, index }) => (naming === 'index' ? String(index) : id)).join(',');
}

/**
 * The variables that say what an attempt was given. `mask` wins over what the task sets itself: a task sees no device
 * that it was not given. `hints` can be overridden by the task. `platform` is for the task to read.
 */
export interface AssignmentEnvironment {
  readonly mask: Readonly<Record<string, string>>;
  readonly hints: Readonly<Record<string, string>>;
  readonly platform: Readonly<Record<`MITO_${string}`, string>>;
}

/** Variables of an attempt; one that was assigned nothing sees no device. */
export function assignmentEnvironment(assigned: Assignment | null, naming: GpuNaming): AssignmentEnvironment {
  const mask = {
    CUDA_VISIBLE_DEVICES: assigned ? maskOf(assigned, 'nvidia', naming) : NO_DEVICE,
    ROCR_VISIBLE_DEVICES: assigned ? maskOf(assigned, 'amd', naming) : NO_DEVICE,
    ...(naming === 'index' && { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }),
  };
  if (!assigned) return { mask, hints: {}, platform: { MITO_GPUS: '' } };
  const threads = String(Math.max(assigned.cpus, 1));
  const units = Object.entries(assigned.units).map(([name, given]) => [needVariable(name), given.join(',')] as const);
  return {
    mask,
    hints: Object.fromEntries(THREAD_VARIABLES.map((name) => [name, threads])),
    platform: {
      MITO_CPUS: String(assigned.cpus),
      ...(assigned.mem_bytes !== null && { MITO_MEM_BYTES: String(assigned.mem_bytes) }),
      MITO_GPUS: assigned.gpus.map(({ id }) => id).join(','),
      ...Object.fromEntries(units),
    },
  };
}
