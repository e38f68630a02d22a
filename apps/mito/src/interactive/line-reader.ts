import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { callbackify } from 'node:util';
import { control } from '../output/say.js';

export interface LineReaderOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly prompt: string;
  readonly isTerminal: boolean;
  complete(line: string): Promise<[candidates: string[], typed: string]>;
}

/**
 * Reads lines, and lets go of the terminal between them: while a command runs, Ctrl-C is a signal
 * again and the command may ask questions of its own. Keys typed ahead are kept.
 */
export class LineReader {
  private readonly ahead: string[] = [];
  private begun = '';
  private completing: Promise<unknown> | undefined;

  constructor(private readonly options: LineReaderOptions) {}

  /** The next line; '' after Ctrl-C, undefined after Ctrl-D. */
  async next(history: string[]): Promise<string | undefined> {
    const known = this.ahead.shift();
    if (known !== undefined) return known;
    const { input, output, prompt, isTerminal } = this.options;
    const completer = callbackify((line: string) => this.completeInTurn(reader, line));
    const reader: Interface = createInterface({
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
      control(output, '^C\n');
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

  /**
   * readline starts a completion for each Tab, also while the one before waits for its candidates, and inserts
   * what each of them returns. So a second Tab waits, and completes the line as the first one left it.
   */
  private async completeInTurn(reader: Interface, line: string): Promise<[string[], string]> {
    const earlier = this.completing;
    const own = (async (): Promise<[string[], string]> => {
      if (earlier === undefined) return await this.options.complete(line);
      await earlier.catch(() => undefined);
      await nextTurn();
      // parsing: readline moves its cursor by whole characters
      return await this.options.complete(reader.line.slice(0, reader.cursor));
    })();
    this.completing = own;
    try {
      return await own;
    } finally {
      if (this.completing === own) this.completing = undefined;
    }
  }
}

/** Lines of a pipe or a file, as bytes: no prompt, nothing to complete. */
export async function* plainLines(input: Readable): AsyncGenerator<Buffer> {
  // In Latin-1 each byte is one character: as UTF-8, readline would replace the bytes that are something else.
  const lines = createInterface({ input: input.setEncoding('latin1'), terminal: false });
  for await (const line of lines) yield Buffer.from(line, 'latin1');
}
