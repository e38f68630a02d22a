import { writeFileSync } from 'node:fs';
import { isErrno } from '../system-error.js';

/** Between 0, what everything starts with, and 1,000, which is always the first to go. */
const OOM_SCORE_ADJ = '500';

/** When memory runs out the kernel is to end the task, not the worker (proc_pid_oom_score_adj(5)). */
export function preferAsVictim(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_SCORE_ADJ);
  } catch (error) {
    // Gone already, a program of another account, or a system without it: a preference, no promise.
    if (!isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL', 'EROFS')) throw error;
  }
}
