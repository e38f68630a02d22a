import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { callbackify } from 'node:util';

export interface LineReaderOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly prompt: string;
  readonly isTerminal: boolean;
  complete(line: string): Promise<[candidates: string[], typed: string]>;
}

/**
 * Reads lines, and lets go of the terminal between them: while a command runs, Ctrl-C is a signal
 * again and the command may ask questions of its own. What was typed ahead is kept.
 */
export class LineReader {
  private readonly ahead: string[] = [];
  private begun = '';

  constructor(private readonly options: LineReaderOptions) {}

  /** The next line; '' after Ctrl-C, undefined after Ctrl-D. */
  async next(history: string[]): Promise<string | undefined> {
    const known = this.ahead.shift();
    if (known !== undefined) return known;
    const { input, output, prompt, isTerminal, complete } = this.options;
    const completer = callbackify(complete);
    const reader = createInterface({
      input,
      output,
      prompt,
      completer,
      history,
      terminal: isTerminal,
      historySize: history.length + 1,
    });
    let isCleared = false;
    reader.on('line', (line) => this.ahead.push(line));
    reader.on('SIGINT', () => {
      isCleared = true;
      output.write('^C\n');
      reader.close();
    });
    reader.prompt();
    if (this.begun !== '') reader.write(this.begun);
    const closed = once(reader, 'close');
    await Promise.race([once(reader, 'line'), closed]);
    this.begun = isCleared ? '' : reader.line;
    reader.close();
    return isCleared ? '' : this.ahead.shift();
  }
}

/** Lines of a pipe or a file: no prompt, nothing to complete. */
export async function* plainLines(input: Readable): AsyncGenerator<string> {
  yield* createInterface({ input, terminal: false });
}
