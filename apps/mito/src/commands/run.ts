import type { TaskSummary } from '@mitosis/protocol';
import { Command } from 'clipanion';
import { EXIT_FAILED } from '../output/exit-codes.js';
import { SubmitCommand } from './submit-command.js';

/** Shells answer 128 + n for a program that signal n has ended. */
const SIGNAL_BASE = 128;

async function exitCodeOf(task: TaskSummary): Promise<number> {
  if (task.state === 'completed') return 0;
  if (task.signal !== null) {
    const { constants } = await import('node:os');
    return SIGNAL_BASE + (constants.signals[task.signal as NodeJS.Signals] ?? 0);
  }
  return task.exit_code ?? EXIT_FAILED;
}

export class RunCommand extends SubmitCommand {
  static override paths = [['run'], ['client', 'run']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'run a command on a worker, with its output here',
    details: 'Submits the command, shows what it prints while it runs, and ends with its exit code. Ctrl-C stops watching; the task runs on.',
    examples: [
      ['Say hello', '$0 run -- echo "Hello, Mitosis!"'],
      ['On a worker with a GPU, for two hours at most', '$0 run -t gpu --timeout 2h -- ./train.sh'],
      ['A WebAssembly program, sandboxed', '$0 run --wasm prog.wasm -- an argument'],
    ],
  });

  protected async run(): Promise<number> {
    const { FrameDecoder } = await import('@mitosis/protocol');
    const api = await this.api();
    const { uuid } = await api.submitTask(await this.submission(api));
    if (!this.json) this.note(`task ${uuid}`);
    let decoder = new FrameDecoder();
    let attempt = 0;
    for await (const item of api.followOutput(uuid)) {
      if (item.type === 'end') return this.finish(item.task);
      if (item.attempt !== attempt) {
        if (attempt > 0) this.note(`attempt ${item.attempt}`);
        [attempt, decoder] = [item.attempt, new FrameDecoder()];
      }
      for (const { stream, payload } of decoder.push(item.frames)) {
        (stream === 'stdout' && !this.json ? this.context.stdout : this.context.stderr).write(payload);
      }
    }
    return EXIT_FAILED;
  }

  private async finish(task: TaskSummary): Promise<number> {
    if (this.json) this.line(JSON.stringify(task));
    else if (task.reason !== null && task.reason !== 'exit_code') {
      this.note(`mito: the task ${task.state}: ${task.reason}${task.message === null ? '' : ` (${task.message})`}`);
    }
    return exitCodeOf(task);
  }
}
