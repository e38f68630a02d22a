import type { Readable, Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { invalidField } from '@mitosis/domain';
import type { TerminalSize } from '@mitosis/protocol';
import { isTerminal } from '../output/paint.js';
import { control, harmless } from '../output/say.js';

const DEFAULT_SIZE: TerminalSize = { cols: 80, rows: 24 };

/** The size of the terminal behind `stdout`, or the usual one. */
export function sizeOf(stdout: Writable): TerminalSize {
  const { columns, rows } = stdout as Partial<WriteStream>;
  return columns && rows ? { cols: columns, rows } : DEFAULT_SIZE;
}

/** What a program may have switched on and left so: attributes, a hidden cursor, the mouse, bracketed paste. */
const RESET = '\u001b[0m\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l';
const OTHER_SCREEN_ON = '\u001b[?1049h';
const OTHER_SCREEN_OFF = '\u001b[?1049l';

export interface TerminalEvents {
  onKeys(data: Buffer): void;
  onResize(size: TerminalSize): void;
}

/** The terminal of the person who is attached: keys as they are typed, until `release`. */
export class OwnTerminal {
  private isOnOtherScreen = false;
  private readonly stdin: ReadStream;
  private readonly stdout: WriteStream;
  private readonly onData: (data: Buffer) => void;
  private readonly onResize: () => void;

  /** Of streams for which `check` has found no fault. */
  constructor(stdin: Readable, stdout: Writable, events: TerminalEvents) {
    this.stdin = stdin as ReadStream;
    this.stdout = stdout as WriteStream;
    this.onData = (data) => events.onKeys(data);
    this.onResize = () => events.onResize(sizeOf(stdout));
    this.stdin.setRawMode(true);
    this.stdin.on('data', this.onData);
    this.stdout.on('resize', this.onResize);
    this.stdin.resume();
  }

  /** Throws `invalid_request` naming `option` when there is no terminal. */
  static check(option: string, stdin: Readable, stdout: Writable): void {
    if (isTerminal(stdin) && isTerminal(stdout)) return;
    throw invalidField(option, 'standard input and output have to be a terminal');
  }

  /** Takes no keys for now, or again. */
  setDeaf(isDeaf: boolean): void {
    if (isDeaf) this.stdin.pause();
    else this.stdin.resume();
  }

  /** Returns false when the caller has to wait before it shows more. */
  show(bytes: Uint8Array): boolean {
    const text = Buffer.from(bytes).toString('latin1');
    const [on, off] = [text.lastIndexOf(OTHER_SCREEN_ON), text.lastIndexOf(OTHER_SCREEN_OFF)];
    if (on !== off) this.isOnOtherScreen = on > off;
    return this.stdout.write(bytes);
  }

  /** A line of our own among what the program shows. */
  remark(text: string): void {
    control(this.stdout, `\r\n[${harmless(text)}]\r\n`);
  }

  /** Gives the terminal back as it was. */
  release(): void {
    this.stdin.off('data', this.onData);
    this.stdout.off('resize', this.onResize);
    this.stdin.setRawMode(false);
    this.stdin.pause();
    control(this.stdout, `${this.isOnOtherScreen ? OTHER_SCREEN_OFF : ''}${RESET}`);
  }
}
