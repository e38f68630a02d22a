import { cutText } from '@mitosis/domain';
import { describeErrno, errnoCode } from '../system-error.js';
import { SpawnFailure } from './spawner.js';

const WORKER_FAULTS = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'EIO', 'ENOSPC']);

/** What a system's refusal to start `file` means for the task; the file is known to exist. */
export function spawnFailure(file: string, errno: number): SpawnFailure {
  const code = errnoCode(errno);
  const words = describeErrno(errno);
  if (code === 'ENOENT') {
    return new SpawnFailure(
      `"${shorten(file)}" could not be started: the interpreter it names does not exist (ENOENT)`,
    );
  }
  const isWorkerFault = code !== undefined && WORKER_FAULTS.has(code);
  return new SpawnFailure(`"${shorten(file)}" could not be started: ${words}`, isWorkerFault);
}

/** Names from a task can be long; a message shows their beginning. */
export function shorten(text: string): string {
  return cutText(text, 200, '...');
}
