/** A worker to be killed: runs one task that leaves processes in all the usual ways, then waits. */
import { silentLog } from '@mitosis/testing';
import { Executor, prepareScratch } from '../index.js';

const [root = '', spawner, seconds] = process.argv.slice(2);
const executor = new Executor({
  scratchRoot: root,
  log: silentLog,
  spawner: spawner === 'portable' ? 'portable' : 'best',
});
await executor.start();
const scratch = await prepareScratch(root, 'task-1');
const script = `trap "" TERM; sleep ${seconds} & (setsid sleep ${seconds} &) ; echo ready; sleep ${seconds}`;
const execution = executor.run({
  executionId: 'task-1',
  spec: { args: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, timeoutMs: 60_000, graceMs: 1000 },
  scratch,
  outputLimitBytes: 1000,
});
process.send?.({ launcherPid: executor.launcherPid });
await execution.result;
