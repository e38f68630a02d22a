import { existsSync } from 'node:fs';
import path from 'node:path';
import { HOST, readHostFile, type HostPaths } from './host-paths.js';

/** The control group that this process is in, of one controller. */
export interface Cgroup {
  readonly version: 1 | 2;
  /** Where the tree is mounted. */
  readonly root: string;
  readonly dir: string;
}

interface Mount {
  readonly version: 1 | 2;
  readonly at: string;
  readonly options: readonly string[];
}

function mounts({ proc }: HostPaths): Mount[] {
  const lines = (readHostFile(proc, 'mounts') ?? '').split('\n').map((line) => line.split(' '));
  return lines.flatMap(([, at = '', type, options = '']): Mount[] => {
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    return [{ version: type === 'cgroup' ? 1 : 2, at, options: options.split(',') }];
  });
}

/** Inside of a container the path is often that of the host: then the mount itself is ours. */
function below(mount: string, own: string): string {
  const dir = path.join(mount, own);
  return existsSync(dir) ? dir : mount;
}

/**
 * The group of `controller`. Each controller is looked for by itself: on a machine in hybrid mode memory is in a tree
 * of version 1, while version 2 is mounted beside it without it (cgroups(7)).
 */
export function findCgroup(controller: string, host: HostPaths = HOST): Cgroup | undefined {
  const entries = (readHostFile(host.proc, 'self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const all = mounts(host);
  const first = all.find(({ version, options }) => version === 1 && options.includes(controller));
  if (first) {
    const own = entries.find(([, names = '']) => names.split(',').includes(controller))?.[2];
    return own === undefined ? undefined : { version: 1, root: first.at, dir: below(first.at, own) };
  }
  const unified = all.find(({ version }) => version === 2);
  const own = entries.find(([id, names]) => id === '0' && names === '')?.[2];
  if (!unified || own === undefined) return undefined;
  const dir = below(unified.at, own);
  const controllers = (readHostFile(dir, 'cgroup.controllers') ?? '').trim().split(' ');
  return controllers.includes(controller) ? { version: 2, root: unified.at, dir } : undefined;
}

/** The group and those above it, as far as they can be seen: each may have a limit. */
function chain({ root, dir }: Cgroup): string[] {
  const dirs = [dir];
  for (let at = dir; at !== root && at.startsWith(root) && at !== path.dirname(at);) {
    at = path.dirname(at);
    dirs.push(at);
  }
  return dirs;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value) && value > 0);
  return known.length === 0 ? undefined : Math.min(...(known as number[]));
}

/** Bytes that all processes of our group together may have; undefined without a limit. */
export function memoryLimit(host: HostPaths = HOST): number | undefined {
  const group = findCgroup('memory', host);
  if (!group) return undefined;
  const file = group.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  return least(chain(group).map((dir) => Number(readHostFile(dir, file)?.trim() ?? Number.NaN)));
}

function quotaOf(dir: string, version: 1 | 2): number | undefined {
  const [quota, period] =
    version === 2
      ? (readHostFile(dir, 'cpu.max') ?? '').trim().split(' ').map(Number)
      : [readHostFile(dir, 'cpu.cfs_quota_us'), readHostFile(dir, 'cpu.cfs_period_us')].map((text) =>
          Number(text ?? Number.NaN),
        );
  return (quota ?? Number.NaN) / (period ?? Number.NaN);
}

/** Cores that our group may use, perhaps not whole; undefined without a limit. */
export function cpuQuota(host: HostPaths = HOST): number | undefined {
  const group = findCgroup('cpu', host);
  return group && least(chain(group).map((dir) => quotaOf(dir, group.version)));
}
