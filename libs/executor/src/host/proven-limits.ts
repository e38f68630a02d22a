/** How a limit is kept on this machine; `none`: it is not. */
export interface ProvenLimits {
  readonly memory: 'cgroup-v2' | 'cgroup-v1' | 'watching' | 'none';
  readonly cpu: 'affinity' | 'none';
  readonly disk: 'watching' | 'none';
  readonly processes: 'cgroup-v2' | 'cgroup-v1' | 'watching' | 'none';
}

/** What can be enforced here, tried out: that a setting was accepted does not mean that it is in force. */
export async function provenLimits(): Promise<ProvenLimits> {
  return { memory: 'none', cpu: 'none', disk: 'none', processes: 'none' };
}
