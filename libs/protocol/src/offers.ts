import { z } from 'zod';
import { NEED_LIMITS, storableText, UNIT_NAME_PATTERN } from '@mitosis/domain';

const Bytes = z.int().min(0).max(NEED_LIMITS.bytes);

/** A name that a worker made up; it is stored and shown. */
const Word = (max: number) => z.string().min(1).max(max).transform(storableText);

/** The first of those that are the same: nothing can be given away twice at a time. */
function distinct<T, K>(items: readonly T[], keyOf: (item: T) => K): T[] {
  return [...new Map(items.map((item) => [keyOf(item), item] as const).reverse()).values()].reverse();
}

/** What a worker offers of its machine, as it says it. */
export const OfferReport = z.object({
  cpus: z.int().min(0).max(NEED_LIMITS.cpus),
  cores: z
    .array(z.int().min(0).max(1_000_000))
    .max(NEED_LIMITS.cpus)
    .transform((cores) => [...new Set(cores)]),
  mem_bytes: Bytes,
  disk_bytes: Bytes,
  gpus: z
    .array(
      z.object({
        id: Word(128),
        index: z.int().min(0).max(65_535),
        model: Word(255),
        mem_bytes: Bytes,
        free_bytes: Bytes,
        maker: z.enum(['nvidia', 'amd']),
      }),
    )
    .max(NEED_LIMITS.gpus)
    .transform((gpus) => distinct(gpus, ({ id }) => id)),
  units: z
    .record(
      z.string().regex(UNIT_NAME_PATTERN),
      z
        .array(Word(64))
        .max(4096)
        .transform((names) => [...new Set(names)]),
    )
    .refine((units) => Object.keys(units).length <= 64, 'use at most 64 names'),
});

/** How a limit is kept on a machine; `none`: it is not. */
export const EnforcesView = z.object({
  memory: z.enum(['cgroup-v2', 'cgroup-v1', 'watching', 'none']),
  cpu: z.enum(['affinity', 'none']),
  disk: z.enum(['watching', 'none']),
  processes: z.enum(['cgroup-v2', 'cgroup-v1', 'watching', 'none']),
});
export type EnforcesView = z.output<typeof EnforcesView>;

/** What a worker offers, as people see it. */
export const OfferView = z.object({
  cpus: z.int(),
  cores: z.array(z.int()),
  mem_bytes: z.int(),
  disk_bytes: z.int(),
  gpus: z.array(
    z.object({
      id: z.string(),
      index: z.int(),
      model: z.string(),
      mem_bytes: z.int(),
      free_bytes: z.int(),
      maker: z.enum(['nvidia', 'amd']),
    }),
  ),
  units: z.record(z.string(), z.array(z.string())),
});
export type OfferView = z.output<typeof OfferView>;
