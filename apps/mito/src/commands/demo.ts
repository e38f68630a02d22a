import { Command, Option } from 'clipanion';
import { EXIT_FAILED, EXIT_OK } from '../output/exit-codes.js';
import { MitoCommand } from './mito-command.js';
import { STOP_SIGNALS } from './service-command.js';

export class DemoCommand extends MitoCommand {
  static override paths = [['demo']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'start everything, run a small experiment on it, show the results and stop',
  });

  readonly all = Option.Boolean('--all', false, {
    description: 'also compute each of the built-in WebAssembly workloads',
  });

  protected async run(): Promise<number> {
    const { mkdtemp, rm } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const path = await import('node:path');
    const { Stack } = await import('../stack/stack.js');
    const { createProcessLog } = await import('../process-log.js');
    const { runDemo } = await import('../demo/run-demo.js');
    const dataDir = await mkdtemp(path.join(tmpdir(), 'mito-demo-'));
    const log = createProcessLog('warn', 'mito', process.stderr.isTTY === true);
    const stack = new Stack({ dataDir, isEphemeral: true, port: 0, workers: 2, slots: 1, log });
    const interrupted = new Promise<false>((resolve) => {
      for (const signal of STOP_SIGNALS) process.on(signal, () => (stack.hurry(), resolve(false)));
    });
    const show = async (): Promise<boolean> => {
      if (!(await runDemo(stack, dataDir, this.context.stdout))) return false;
      if (!this.all) return true;
      const { runWorkloads } = await import('../demo/run-workloads.js');
      return runWorkloads(stack, dataDir, this.context.stdout);
    };
    try {
      this.line('Starting PostgreSQL, a coordinator and two workers …');
      const isGood = await Promise.race([stack.start().then(show), interrupted]);
      return isGood ? EXIT_OK : EXIT_FAILED;
    } finally {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
      this.line('Everything has stopped.');
    }
  }
}
