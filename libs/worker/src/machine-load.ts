import { cpus, freemem, totalmem } from 'node:os';
import type { WorkerLoad } from '@mitosis/protocol';

interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

function cpuTimes(): CpuTimes {
  let [busy, total] = [0, 0];
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    total += sum;
    busy += sum - times.idle;
  }
  return { busy, total };
}

/** How busy this machine is: its cores since the last look that is at least a second old, its memory now. */
export class MachineLoad {
  private last = cpuTimes();
  private lastAt = performance.now();
  private cpu = 0;

  read(): WorkerLoad {
    if (performance.now() - this.lastAt >= 1_000) this.look();
    const total = totalmem();
    return { cpu: this.cpu, memory_used_bytes: total - freemem(), memory_total_bytes: total };
  }

  private look(): void {
    const now = cpuTimes();
    const total = now.total - this.last.total;
    this.cpu = total > 0 ? Math.min(1, Math.max(0, (now.busy - this.last.busy) / total)) : 0;
    this.last = now;
    this.lastAt = performance.now();
  }
}
