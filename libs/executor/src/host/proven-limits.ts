import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { MemoryGroup } from '../limits/memory-group.js';
import { HOST, type HostPaths } from './host-paths.js';

/** How a limit is kept on this machine; `none`: it is not. */
export interface ProvenLimits {
  readonly memory: 'cgroup-v2' | 'cgroup-v1' | 'watching' | 'none';
  readonly cpu: 'affinity' | 'none';
  readonly disk: 'watching' | 'none';
  readonly processes: 'cgroup-v2' | 'cgroup-v1' | 'watching' | 'none';
}

const PROOF_BYTES = 16 * 2 ** 20;
const PROOF_MS = 5_000;

/** Takes 64 MiB without a line break, which tail(1) has to keep. */
const TAKE = 'echo $$ > "$0" && head -c 67108864 /dev/zero | tail -n 1 > /dev/null';

/** True when a program that takes too much inside of a group is ended by the kernel, and counted. */
async function isKept(group: MemoryGroup): Promise<boolean> {
  const child = spawn('/bin/sh', ['-c', TAKE, group.procs], { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit').catch(() => undefined);
  await Promise.race([ended, delay(PROOF_MS, undefined, { ref: false })]);
  const isCounted = group.kills > 0;
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  return isCounted;
}

async function memoryLimits(host: HostPaths): Promise<ProvenLimits['memory']> {
  const group = MemoryGroup.create(`${process.pid}-proof`, PROOF_BYTES, host);
  if (group) {
    const isProven = await isKept(group);
    for (let tries = 0; tries < 20 && !group.remove(); tries += 1) await delay(20);
    if (isProven) return group.version === 2 ? 'cgroup-v2' : 'cgroup-v1';
  }
  return existsSync(`${host.proc}/self/status`) ? 'watching' : 'none';
}

/** What can be enforced here, tried out: that a setting was accepted does not mean that it is in force. */
export async function provenLimits(host: HostPaths = HOST): Promise<ProvenLimits> {
  const memory = await memoryLimits(host);
  return { memory, cpu: process.platform === 'linux' ? 'affinity' : 'none', disk: 'none', processes: 'none' };
}
