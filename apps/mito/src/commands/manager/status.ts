import { Command } from 'clipanion';
import { formatBytes, oneLine } from '@mitosis/domain';
import type { Manager } from '../../manager/manager.js';
import type { ProcessUsage } from '../../manager/process-usage.js';
import type { WorkerEnd, WorkerRecord } from '../../manager/worker-records.js';
import { formatTimeShort, timeCell } from '../../output/format-time.js';
import { paintState } from '../../output/paint.js';
import type { Listing } from '../output-command.js';
import { ManagerCommand } from './manager-command.js';

interface Row {
  readonly name: string;
  readonly pid: number | null;
  readonly state: 'running' | 'restarting' | 'ended';
  readonly worker: string | null;
  readonly cpu_percent: number | null;
  readonly memory_bytes: number | null;
  readonly tasks_running: number | null;
  readonly tasks_done: number | null;
  readonly spawned_at: string;
  readonly restarts: number;
  /** How it ended before it was started again. */
  readonly last_end: WorkerEnd | null;
}

function describeEnd({ at, exit_code: code, signal, said }: WorkerEnd): string {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  return `${formatTimeShort(at)}, ${how}${said === '' ? '' : `: ${oneLine(said)}`}`;
}

const LISTING: Listing<Row> = {
  head: ['NAME', 'PID', 'STATE', 'CPU', 'MEMORY', 'RUNNING', 'DONE', 'STARTED', 'WORKER', 'RESTARTS', 'LAST END'],
  row: (row, paint) => [
    row.name,
    String(row.pid ?? ''),
    { text: row.state, paint: (text) => paintState(text, paint) },
    row.cpu_percent === null ? '' : `${row.cpu_percent} %`,
    row.memory_bytes === null ? '' : formatBytes(row.memory_bytes),
    String(row.tasks_running ?? ''),
    String(row.tasks_done ?? ''),
    timeCell(row.spawned_at),
    row.worker ?? '',
    String(row.restarts),
    row.last_end === null ? '' : describeEnd(row.last_end),
  ],
  empty: 'no worker was spawned here; start some with "mito manager spawn N"',
};

export class ManagerStatusCommand extends ManagerCommand {
  static override paths = [['manager', 'status'], ['manager']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'show the workers that were spawned on this machine',
    details:
      'CPU and memory are those of the worker and of everything in its session; 100 % is one core. A worker that ' +
      'ended by itself is started again, at longer and longer intervals; RESTARTS and LAST END say how often and ' +
      'why, and so does manager.log in the folder.',
  });

  protected async run(): Promise<void> {
    const { processUsage } = await import('../../manager/process-usage.js');
    const manager = await this.manager();
    const records = await manager.select([]);
    const alive = new Set<string>();
    for (const record of records) if (await manager.records.isAlive(record)) alive.add(record.name);
    const pids = records.filter(({ name }) => alive.has(name)).map((record) => record.process?.pid ?? 0);
    const usage = await processUsage(pids);
    const rows = await Promise.all(
      records.map((record) =>
        this.row(manager, record, alive.has(record.name) ? usage.get(record.process?.pid ?? 0) : undefined),
      ),
    );
    await this.printList(rows, LISTING);
  }

  private async row(manager: Manager, record: WorkerRecord, usage: ProcessUsage | undefined): Promise<Row> {
    const status = await manager.status(record);
    return {
      name: record.name,
      pid: record.process?.pid ?? null,
      state: usage ? 'running' : (await manager.records.isKept(record)) ? 'restarting' : 'ended',
      worker: status?.uuid ?? null,
      cpu_percent: usage?.cpuPercent ?? null,
      memory_bytes: usage?.rssBytes ?? null,
      tasks_running: usage ? (status?.running ?? null) : null,
      tasks_done: status?.done ?? null,
      spawned_at: record.spawned_at,
      restarts: record.restarts ?? 0,
      last_end: record.last_end ?? null,
    };
  }
}
