import { DEFAULT_CPUS } from '@mitosis/domain';

/** The cores that the attempt row `a` was given; one that asked for nothing counts as the default. */
export const coresOf = (a: string): string => `coalesce((${a}.assigned ->> 'cpus')::float8, ${DEFAULT_CPUS})`;

/** The GPUs that the attempt row `a` was given, 0 for none. */
export const gpusOf = (a: string): string => `coalesce(
  (SELECT sum((d ->> 'thousandths')::float8) / 1000 FROM jsonb_array_elements(${a}.assigned -> 'gpus') d), 0)`;
