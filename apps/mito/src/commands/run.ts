import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { invalidField } from '@mitosis/domain';
import type { SubmitTaskInput, TaskSummary, TerminalSize } from '@mitosis/protocol';
import { exitCodeOf } from '../output/exit-code-of.js';
import { EXIT_FAILED } from '../output/exit-codes.js';
import { jsonLine } from '../output/say.js';
import { writeOut } from '../output/write-out.js';
import { OwnTerminal, sizeOf } from '../terminal/own-terminal.js';
import { SubmitCommand } from './submit-command.js';

export class RunCommand extends SubmitCommand {
  static override paths = [['run'], ['client', 'run']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'run a command on a worker, with its output here',
    details:
      'Submits the command, shows what it prints while it runs, and ends with its exit code. Ctrl-C stops watching; ' +
      'the task runs on. With -it your terminal is that of the task, until it ends or ctrl-p ctrl-q leaves it running.',
    examples: [
      ['Say hello', '$0 run -- echo "Hello, Mitosis!"'],
      ['On a worker with a GPU, for two hours at most', '$0 run -t gpu --timeout 2h -- ./train.sh'],
      ['A shell on a worker', '$0 run -it -- bash'],
      ['A WebAssembly program, sandboxed', '$0 run --wasm prog.wasm -- an argument'],
    ],
  });

  readonly interactive = Option.Boolean('-it,--interactive', false, {
    description: 'give it your terminal: keys, size and all',
  });

  protected override get terminalSize(): TerminalSize | undefined {
    return this.interactive ? sizeOf(this.context.stdout) : super.terminalSize;
  }

  protected async run(): Promise<number> {
    return this.interactive ? this.runInteractively() : this.runWatched();
  }

  private async runInteractively(): Promise<number> {
    const { stdin, stdout } = this.context;
    if (this.json) throw invalidField('--json', 'terminal output cannot be printed as JSON; use either --json or -it');
    OwnTerminal.check('-it', stdin, stdout);
    const { attachTerminal } = await import('../terminal/attach-terminal.js');
    const api = await this.api();
    const receipt = await api.submitTask(await this.interactiveSubmission(api));
    const { uuid } = receipt;
    this.sayLimit(receipt);
    const note = (text: string): void => this.note(text);
    const end = await this.sayingWhy(
      api,
      async () => uuid,
      () => attachTerminal(api, uuid, { stdin, stdout, note, signal: this.signal, isFromStart: true }),
    );
    if (end) return this.finish(end);
    this.note(`detached from task ${uuid}; "mito tasks attach ${uuid}" comes back`);
    return 0;
  }

  /** The task knows which kind of terminal it has. */
  private async interactiveSubmission(api: MitosisClient): Promise<SubmitTaskInput> {
    const { TERM } = this.context.env;
    const task = await this.submission(api);
    return { ...task, env: { ...(TERM !== undefined && { TERM }), ...task.env } };
  }

  private async runWatched(): Promise<number> {
    const api = await this.api();
    const submission = await this.submission(api);
    const receipt = await api.submitTask(submission);
    const { uuid } = receipt;
    if (!this.json && !this.quiet) this.note(`task ${uuid}`);
    this.sayLimit(receipt);
    const goesOn =
      `task ${uuid} continues; ` + `"mito tasks logs -f ${uuid}" follows it, "mito tasks cancel ${uuid}" ends it`;
    return this.whileWatching(goesOn, async () => {
      await this.warn(api, uuid);
      return this.sayingWhy(
        api,
        async () => uuid,
        () => (submission.env_setup === undefined ? this.follow(api, uuid) : this.followPhases(api, uuid)),
      );
    });
  }

  /** Before it prints something, its environment may have to be built. */
  private async followPhases(api: MitosisClient, uuid: string): Promise<number> {
    if (this.json || this.quiet) return this.follow(api, uuid);
    const { StartPhases } = await import('../output/start-phases.js');
    const phases = new StartPhases(api, uuid, (text) => this.note(text));
    try {
      return await this.follow(api, uuid);
    } finally {
      await phases.stop();
    }
  }

  private async follow(api: MitosisClient, uuid: string): Promise<number> {
    const { FrameDecoder } = await import('@mitosis/protocol');
    let decoder = new FrameDecoder();
    let attempt = 0;
    // Whether anybody reads what it prints changes nothing about how it ends.
    for await (const item of api.followOutput(uuid)) {
      if (item.type === 'end') return this.finish(item.task);
      if (item.attempt !== attempt) {
        if (attempt > 0) this.note(`attempt ${item.attempt}`);
        [attempt, decoder] = [item.attempt, new FrameDecoder()];
      }
      for (const { stream, payload } of decoder.push(item.frames)) {
        const { stdout, stderr } = this.context;
        await writeOut(stream === 'stdout' && !this.json ? stdout : stderr, payload, this.signal);
      }
    }
    return EXIT_FAILED;
  }

  private async finish(task: TaskSummary): Promise<number> {
    if (this.json) this.line(jsonLine(task));
    else if (task.reason !== null && task.reason !== 'exit_code') {
      const how = task.signal === null ? task.reason : `${task.reason} ${task.signal}`;
      const what = task.state === 'cancelled' ? 'was cancelled' : `${task.state}: ${how}`;
      this.note(`mito: the task ${what}${task.message === null ? '' : ` (${task.message})`}`);
    }
    return exitCodeOf(task);
  }
}
