import { z } from 'zod';
import { isGpuCount, NEED_LIMITS, UNIT_NAME_PATTERN } from '@mitosis/domain';

const Bytes = z.int().min(1).max(NEED_LIMITS.bytes);

/** What a task needs of a machine; what is left out is not asked for. */
export const Need = z
  .strictObject({
    /** A task that asks for no cores counts as one; 0 for a task that only waits. */
    cpus: z.int().min(0).max(NEED_LIMITS.cpus).optional(),
    mem_bytes: Bytes.optional(),
    /** Whole devices, or a part of one device from 0.001 to 0.999. */
    gpus: z
      .number()
      .refine(isGpuCount, `use a whole number up to ${NEED_LIMITS.gpus}, or a part of one device from 0.001 to 0.999`)
      .optional(),
    /** Words of the model's name, e.g. `a100`. */
    gpu_model: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$/, 'use letters, digits, "-", "_" or "."')
      .optional(),
    /** Free memory of each device; with a part of a device, memory of that part. */
    gpu_mem_bytes: Bytes.optional(),
    /** In the folder of the worker. */
    disk_bytes: Bytes.optional(),
    /** Countable things that workers offer by name. */
    units: z
      .record(
        z.string().regex(UNIT_NAME_PATTERN, 'use lower-case letters, digits, "-" or "_", a letter first'),
        z.int().min(1).max(NEED_LIMITS.units),
      )
      .refine(
        (units) => Object.keys(units).length <= NEED_LIMITS.unitNames,
        `use at most ${NEED_LIMITS.unitNames} names`,
      )
      .optional(),
    /** Nothing else may run on the machine meanwhile. */
    whole_machine: z.boolean().optional(),
  })
  .refine((need) => Object.values(need).some((value) => value !== undefined), 'name something that is needed');
export type Need = z.output<typeof Need>;

/** Alternatives, the best first: one of them is enough. None: the task takes a slot and counts as one core. */
export const Needs = z.array(Need).max(NEED_LIMITS.alternatives);
export type Needs = z.output<typeof Needs>;

/** A need as it is shown: what was stored before is not refused. */
export const StoredNeed = z.object({
  cpus: z.int().optional(),
  mem_bytes: z.int().optional(),
  gpus: z.number().optional(),
  gpu_model: z.string().optional(),
  gpu_mem_bytes: z.int().optional(),
  disk_bytes: z.int().optional(),
  units: z.record(z.string(), z.int()).optional(),
  whole_machine: z.boolean().optional(),
});

/** What one attempt holds of a machine. */
export const AssignmentView = z.object({
  /** Which of the task's alternatives it is. */
  alternative: z.int(),
  cpus: z.int(),
  cores: z.array(z.int()),
  mem_bytes: z.int().nullable(),
  disk_bytes: z.int().nullable(),
  gpus: z.array(
    z.object({
      id: z.string(),
      index: z.int(),
      maker: z.enum(['nvidia', 'amd']),
      thousandths: z.int(),
      mem_bytes: z.int(),
    }),
  ),
  units: z.record(z.string(), z.array(z.string())),
  is_whole: z.boolean(),
});
export type AssignmentView = z.output<typeof AssignmentView>;
