import { stripVTControlCharacters } from 'node:util';
import { spawn, type IPty } from '@lydell/node-pty';
import { eventually, type Scope } from '@mitosis/testing';
import { MAIN } from './mito-process.js';

const COLUMNS = 110;

/** A `mito` in a pseudo terminal: keys in, screen out. */
export class Terminal {
  private readonly pty: IPty;
  private raw = '';
  private from = 0;
  exitCode: number | undefined;

  constructor(argv: readonly string[], env: Readonly<Record<string, string>>) {
    const basics = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', TERM: 'xterm-256color' };
    this.pty = spawn(process.execPath, ['--', MAIN, ...argv], { cols: COLUMNS, rows: 40, env: { ...basics, ...env } });
    this.pty.onData((data) => (this.raw += data));
    this.pty.onExit(({ exitCode }) => (this.exitCode = exitCode));
  }

  /** Everything that was written so far, without control sequences, lines ended by LF. */
  get screen(): string {
    return stripVTControlCharacters(this.raw).replace(/\r+\n/g, '\n');
  }

  /** With the control sequences. */
  get written(): string {
    return this.raw;
  }

  type(keys: string): void {
    this.pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.pty.resize(columns, rows);
  }

  /** Waits until what was written since the last call matches. */
  async sees(pattern: RegExp): Promise<void> {
    const fresh = (): string => this.screen.slice(this.from);
    await eventually(() => pattern.test(fresh()), {
      message: () => `${pattern} on the screen: ${JSON.stringify(fresh())}`,
    });
    this.from = this.screen.length;
  }

  async ended(): Promise<number> {
    await eventually(() => this.exitCode !== undefined, {
      message: () => `the end of the program: ${this.screen}`,
    });
    return this.exitCode ?? -1;
  }

  stop(): void {
    if (this.exitCode === undefined) this.pty.kill('SIGKILL');
  }
}

/** Starts `mito` in a terminal and ends it with the scope. */
export function openTerminal(scope: Scope, argv: readonly string[], env: Readonly<Record<string, string>>): Terminal {
  const terminal = new Terminal(argv, env);
  scope.teardown(() => terminal.stop());
  return terminal;
}
