import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCgroup, type Cgroup } from '../host/cgroups.js';
import { HOST, type HostPaths } from '../host/host-paths.js';

const PREFIX = 'mito-';

function read(dir: string, file: string): string {
  try {
    return readFileSync(join(dir, file), 'utf8');
  } catch {
    return '';
  }
}

/** Writes a setting and reads it back: a setting that is accepted and forgotten keeps nobody. */
function set(dir: string, file: string, value: number): boolean {
  writeFileSync(join(dir, file), String(value));
  const kept = Number(read(dir, file).trim());
  // The kernel rounds to pages.
  return Math.abs(kept - value) <= 65_536;
}

/** Anonymous and shared memory of a group: what can't be given back. The cache of files can. */
function usedBytes({ version }: Cgroup, dir: string): number {
  const stat = read(dir, 'memory.stat');
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(stat)?.[1] ?? 0);
  return version === 2 ? value('anon') + value('shmem') : value('total_rss') + value('total_shmem');
}

/**
 * A control group of its own for one attempt. It limits memory with swap; the kernel ends a process that goes past it,
 * and counts that. Only what is started by `within` is in it, nothing of ours.
 */
export class MemoryGroup {
  private constructor(
    private readonly parent: Cgroup,
    private readonly dir: string,
  ) {}

  /** Undefined where none can be made, or where its limit is not kept. */
  static create(name: string, limitBytes: number, host: HostPaths = HOST): MemoryGroup | undefined {
    const parent = findCgroup('memory', host);
    if (!parent) return undefined;
    const dir = join(parent.dir, `${PREFIX}${name}`);
    try {
      mkdirSync(dir);
      const group = new MemoryGroup(parent, dir);
      if (group.limit(limitBytes)) return group;
      group.remove();
    } catch {
      // No rights, a read-only tree, or a tree of version 2 that has no memory below this group.
      if (existsSync(dir)) new MemoryGroup(parent, dir).remove();
    }
    return undefined;
  }

  get version(): 1 | 2 {
    return this.parent.version;
  }

  private limit(bytes: number): boolean {
    if (this.parent.version === 2) {
      if (!set(this.dir, 'memory.max', bytes)) return false;
      if (existsSync(join(this.dir, 'memory.swap.max'))) set(this.dir, 'memory.swap.max', 0);
      if (existsSync(join(this.dir, 'memory.oom.group'))) writeFileSync(join(this.dir, 'memory.oom.group'), '1');
      return true;
    }
    if (!set(this.dir, 'memory.limit_in_bytes', bytes)) return false;
    const withSwap = 'memory.memsw.limit_in_bytes';
    return !existsSync(join(this.dir, withSwap)) || set(this.dir, withSwap, bytes);
  }

  /** Runs `start` inside of the group and comes back: what it starts stays there. False when we could not get in. */
  within(start: () => void): boolean {
    const file = this.parent.version === 2 ? 'cgroup.procs' : 'tasks';
    try {
      // 0 is whoever writes: a thread in version 1, this process in version 2.
      writeFileSync(join(this.dir, file), '0');
    } catch {
      return false;
    }
    try {
      start();
    } finally {
      writeFileSync(join(this.parent.dir, file), '0');
    }
    return true;
  }

  /** Where a shell enters the group, for a proof. */
  get procs(): string {
    return join(this.dir, 'cgroup.procs');
  }

  /** Processes that the kernel has ended because of the limit. */
  get kills(): number {
    const file = this.parent.version === 2 ? 'memory.events' : 'memory.oom_control';
    return Number(/^oom_kill (\d+)/m.exec(read(this.dir, file))?.[1] ?? 0);
  }

  get usedBytes(): number {
    return usedBytes(this.parent, this.dir);
  }

  /** Once no process is left in it; what does not go now is removed by the next start. */
  remove(): boolean {
    try {
      rmdirSync(this.dir);
      return true;
    } catch {
      return !existsSync(this.dir);
    }
  }
}

/** Removes empty groups that a launcher has left which is gone. */
export function sweepGroups(host: HostPaths = HOST): void {
  const parent = findCgroup('memory', host);
  if (!parent) return;
  let names: string[] = [];
  try {
    names = readdirSync(parent.dir).filter((name) => name.startsWith(PREFIX));
  } catch {
    return;
  }
  for (const name of names) {
    const pid = Number(/^mito-(\d+)-/.exec(name)?.[1] ?? 0);
    if (pid > 0 && existsSync(join(host.proc, String(pid)))) continue;
    try {
      rmdirSync(join(parent.dir, name));
    } catch {
      // Somebody is in it.
    }
  }
}
