import { counted, formatBytes, GPU_WHOLE } from '@mitosis/domain';
import type { AssignmentView } from '@mitosis/protocol';

/** What an attempt holds of a machine, in one line. */
export function describeAssigned({ cpus, cores, mem_bytes: memory, gpus, units }: AssignmentView): string {
  const parts = [
    `${counted(cpus, 'core')}${cores.length === 0 ? '' : ` (${cores.join(',')})`}`,
    ...(memory === null ? [] : [formatBytes(memory)]),
    ...gpus.map(({ id, thousandths }) => (thousandths < GPU_WHOLE ? `${thousandths / GPU_WHOLE} of ${id}` : id)),
    ...Object.entries(units).map(([name, given]) => `${name}: ${given.join(',')}`),
  ];
  return parts.join('  ');
}
