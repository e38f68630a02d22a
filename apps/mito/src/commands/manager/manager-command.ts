import path from 'node:path';
import { Cli, Option } from 'clipanion';
import type { FolderOptions, Manager } from '../../manager/manager.js';
import type { WorkerRecord } from '../../manager/worker-records.js';
import type { MitoContext } from '../../mito-context.js';
import { OutputCommand } from '../output-command.js';
import { WorkerCommand } from '../worker.js';

/** What all commands about the workers of this machine share. */
export abstract class ManagerCommand extends OutputCommand {
  readonly dir = Option.String('--dir', { description: 'folder of the pid files, logs and work folders' });

  protected async manager(): Promise<Manager> {
    const { dataDir } = await import('@mitosis/config');
    const { Manager } = await import('../../manager/manager.js');
    const { env } = this.context;
    const dir = this.dir ?? env.MITO_MANAGER_DIR ?? path.join(dataDir(env, process.getuid?.() === 0), 'manager');
    return new Manager({ dir: path.resolve(dir), env, script: process.argv[1] ?? '', signal: this.signal });
  }

  /** What the worker was told; throws a syntax error when no worker would understand it. */
  protected workerOptions(argv: readonly string[]): WorkerCommand {
    const command = Cli.from<MitoContext>([WorkerCommand]).process(['worker', ...argv], this.context);
    if (!(command instanceof WorkerCommand)) throw new Error('not the options of a worker');
    return command;
  }

  /** The log of a worker: its own, or the one that all share. */
  protected logFile(manager: Manager, record: WorkerRecord): string {
    const { logPath, sharedLog } = this.workerOptions(record.argv);
    const dir = path.resolve(logPath ?? path.join(manager.records.dir, 'logs'));
    return path.join(dir, sharedLog ? 'workers.log' : `${record.name}.log`);
  }

  /** Every worker has folders of its own, also when all were given the same options. */
  protected foldersFor(manager: Manager): FolderOptions {
    return (record) => {
      const { workDir } = this.workerOptions(record.argv);
      const ownDir =
        workDir === undefined ? path.join(manager.records.dir, 'work', record.name) : path.join(workDir, record.name);
      return ['--work-dir', ownDir, '--log-file', this.logFile(manager, record)];
    };
  }
}
