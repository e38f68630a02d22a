import { formatBytes, type Offer } from '@mitosis/domain';
import type { EnforcesView } from '@mitosis/protocol';

/** What a worker offers, a line each. */
export function offerFacts(offer: Offer): [string, string][] {
  const { cpus, mem_bytes: memory, disk_bytes: disk, gpus, units } = offer;
  return [
    ['cores', String(cpus)],
    ['memory', formatBytes(memory)],
    ['disk', formatBytes(disk)],
    ...gpus.map(({ id, model, mem_bytes: total, free_bytes: free }): [string, string] => [
      'gpu',
      `${model}  ${formatBytes(free)} of ${formatBytes(total)} free  ${id}`,
    ]),
    ...Object.entries(units).map(([name, names]): [string, string] => ['unit', `${name}: ${names.join(', ')}`]),
  ];
}

const HOW: Readonly<Record<string, string>> = {
  'cgroup-v2': 'by a control group (version 2)',
  'cgroup-v1': 'by a control group (version 1)',
  watching: 'by watching, which may be late',
  affinity: 'by affinity, with --pin-cores',
  none: 'not at all',
};

/** How limits are kept, a line each. */
export function enforcesFacts(enforces: EnforcesView): [string, string][] {
  return Object.entries(enforces).map(([what, how]) => [`limit of ${what}`, HOW[how] ?? how]);
}
