import { decodeText, splitLine, wordsOf } from '@mitosis/domain';
import { complete, type Lookup } from '../completion/complete.js';
import { findCommand } from '../help/find-command.js';
import type { MitoContext, Program } from '../mito-context.js';
import { EXIT_OK, EXIT_USAGE } from '../output/exit-codes.js';
import { isTerminal } from '../output/paint.js';
import { reportError } from '../output/report-error.js';
import { say } from '../output/say.js';
import { HistoryFile } from './history-file.js';
import { LineReader, plainLines } from './line-reader.js';

export interface ShellOptions {
  readonly context: MitoContext;
  readonly program: Program;
  readonly historyFile: string;
  readonly lookup: Lookup;
}

const LEAVE = new Set(['exit', 'quit', 'client exit', 'client quit']);

/** `mito client -i`: one command a line. */
export class Shell {
  private readonly history: HistoryFile;

  constructor(private readonly options: ShellOptions) {
    this.history = new HistoryFile(options.historyFile);
  }

  /**
   * Reads and runs commands until the person leaves; returns 0,
   * or the last exit code when the commands came from a pipe.
   */
  async run(): Promise<number> {
    const { stdin, stdout } = this.options.context;
    if (isTerminal(stdin) && isTerminal(stdout)) return this.converse();
    let exitCode = EXIT_OK;
    let number = 0;
    for await (const bytes of plainLines(stdin)) {
      number += 1;
      const line = this.decode(bytes, number);
      if (line !== undefined && LEAVE.has(line.trim())) break;
      exitCode = line === undefined ? EXIT_USAGE : ((await this.runLine(line)) ?? exitCode);
    }
    return exitCode;
  }

  private async converse(): Promise<number> {
    const { stdin, stdout } = this.options.context;
    await this.history.load();
    const reader = new LineReader({
      input: stdin,
      output: stdout,
      prompt: 'mito> ',
      isTerminal: true,
      complete: (line) => this.complete(line),
    });
    for (;;) {
      const line = await reader.next(this.history.latestFirst);
      if (line === undefined) say(stdout, '\n');
      if (line === undefined || LEAVE.has(line.trim())) return EXIT_OK;
      if (line.trim() !== '') await this.history.add(line.trim());
      const exitCode = await this.runLine(line);
      if (exitCode !== undefined && exitCode !== EXIT_OK) say(this.options.context.stderr, `exit code ${exitCode}\n`);
    }
  }

  /** The text of a line; undefined, after it was said, when it is not UTF-8. */
  private decode(bytes: Uint8Array, number: number): string | undefined {
    try {
      return decodeText(bytes, number);
    } catch (error) {
      reportError(error, { stderr: this.options.context.stderr, isJson: false });
      return undefined;
    }
  }

  private async runLine(line: string): Promise<number | undefined> {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return undefined;
    const { stderr } = this.options.context;
    let argv: readonly string[];
    try {
      argv = wordsOf(line);
    } catch (error) {
      return reportError(error, { stderr, isJson: false });
    }
    if (argv[0] === 'mito') argv = argv.slice(1);
    if (!this.isService(argv)) return this.execute(argv);
    say(stderr, `mito: "${argv[0]}" runs until it is stopped: start it in a terminal of its own\n`);
    return EXIT_USAGE;
  }

  private isService(argv: readonly string[]): boolean {
    const isHelp = argv.includes('--help') || argv.includes('-h');
    const isNested = argv[0] === 'client' && argv.some((word) => word === '-i' || word === '--interactive');
    return (
      !isHelp && (isNested || findCommand(this.options.program.commands, argv)?.entry.about?.category === 'Services')
    );
  }

  /** The first Ctrl-C ends the command, the second one everything. */
  private async execute(argv: readonly string[]): Promise<number> {
    const controller = new AbortController();
    const interrupt = (): void => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error('interrupted'));
    };
    process.on('SIGINT', interrupt);
    try {
      return await this.options.program.execute(argv, { ...this.options.context, signal: controller.signal });
    } finally {
      process.off('SIGINT', interrupt);
    }
  }

  private async complete(line: string): Promise<[string[], string]> {
    const { words, last, typed } = splitLine(line);
    const before = last === undefined ? words : words.slice(0, -1);
    const extra = before.length === 0 ? ['help', 'exit'].filter((word) => word.startsWith(last ?? '')) : [];
    const isHelp = before[0] === 'help';
    const found = await complete(
      this.options.program.commands,
      isHelp ? before.slice(1) : before,
      last ?? '',
      this.options.lookup,
    );
    const all = [...found, ...extra].sort();
    const [only] = all;
    return [all.length === 1 && only !== undefined ? [`${only} `] : all, typed];
  }
}
