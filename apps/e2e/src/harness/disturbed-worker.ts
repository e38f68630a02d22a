import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TaskReceipt } from '@mitosis/protocol';
import { eventually, tcpProxy, tempDir, type Scope, type TcpProxy } from '@mitosis/testing';
import { startMito, type MitoProcess } from './mito-process.js';
import type { E2eStack } from './stack.js';

/** A task that notes each of its executions and waits for a file before it ends. */
export async function startLongTask(
  { json }: E2eStack,
  dir: string,
): Promise<{ uuid: string; go: string; notes: () => Promise<string[]> }> {
  const go = path.join(dir, 'go');
  const log = path.join(dir, 'effects.log');
  const script = `echo "$MITO_TASK_ATTEMPT" >> "${log}"; while [ ! -e "${go}" ]; do sleep 0.05; done; echo done`;
  const { uuid } = await json<TaskReceipt>('tasks', 'submit', '--', 'sh', '-c', script);
  const notes = async (): Promise<string[]> => (await readFile(log, 'utf8')).trim().split('\n');
  await eventually(async () => (await notes()).length === 1, { message: 'the start of the task' });
  return { uuid, go, notes };
}

/** One more worker, whose line to the coordinator can be harmed. */
export async function startWorkerBehindProxy(
  scope: Scope,
  { ready, env }: E2eStack,
  ...options: string[]
): Promise<{ worker: MitoProcess; proxy: TcpProxy }> {
  const proxy = await tcpProxy(scope, { port: Number(new URL(ready.url).port) });
  const { username, password } = ready.admin;
  const worker = startMito(scope, ['worker', '--work-dir', await tempDir(scope), ...options], {
    ...env,
    MITO_COORDINATOR_ADDR: `http://127.0.0.1:${proxy.port}`,
    MITO_USER: username,
    MITO_PASSWORD: password,
  });
  return { worker, proxy };
}
