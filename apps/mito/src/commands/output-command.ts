import { Option } from 'clipanion';
import type { Done, Outcome } from '../files/run-batch.js';
import { idOf } from '../output/id-of.js';
import { paintFor, type Paint } from '../output/paint.js';
import type { Cell } from '../output/print-table.js';
import type { Progress, ProgressOptions } from '../output/progress.js';
import { harmlessValue, jsonLine } from '../output/say.js';
import { hasRoom, writeOut } from '../output/write-out.js';
import { MitoCommand } from './mito-command.js';

/** How a list looks to a person. */
export interface Listing<T> {
  readonly head: readonly string[];
  readonly row: (item: T, paint: Paint) => readonly Cell[];
  /** Said on stderr instead of an empty table. */
  readonly empty?: string;
}

/** Below this size the transfer finishes before a progress bar is readable. */
const LEAST = { things: 2, bytes: 1_048_576 };

/** A command with results: text for people, JSON with `--json`, only ids with `--quiet`. */
export abstract class OutputCommand extends MitoCommand {
  readonly json = Option.Boolean('--json', false, {
    description: 'print JSON instead of text; lists are one object a line',
  });
  readonly quiet = Option.Boolean('-q,--quiet', false, { description: 'print only what names the results' });

  private bar: Progress | undefined;

  protected override get isJson(): boolean {
    return this.json;
  }

  /** Whether progress is shown even of what is small. */
  protected get isBarWanted(): boolean {
    return false;
  }

  /** Colours for stdout, where there may be some. */
  protected get paint(): Paint {
    return paintFor(this.context.stdout, this.context.env);
  }

  /** One value: as one line of JSON, as its id (see {@link idOf}), or as the text that `render` makes of it. */
  protected print<T>(value: T, render: (value: T, paint: Paint) => string): void {
    if (this.json) return this.line(jsonLine(value));
    if (!this.quiet) return this.line(render(harmlessValue(value), this.paint));
    const id = idOf(value);
    if (id !== undefined) this.line(id);
  }

  /** Something that is shown once: that is what the next command needs, with `--quiet` too. */
  protected printSecret<T>(value: T, secret: string): void {
    this.line(this.json ? jsonLine(value) : secret);
  }

  /** A list: one line of JSON or one id each, as they come; or a table that fits the terminal. */
  protected async printList<T>(items: Iterable<T> | AsyncIterable<T>, { head, row, empty }: Listing<T>): Promise<void> {
    if (this.json || this.quiet) {
      for await (const item of items) if (!(await this.stream(this.json ? jsonLine(item) : (idOf(item) ?? '')))) return;
      return;
    }
    const rows: (readonly Cell[])[] = [];
    for await (const item of items) rows.push(row(harmlessValue(item), this.paint));
    if (rows.length === 0) return this.note(empty ?? 'nothing found');
    const { printTable } = await import('../output/print-table.js');
    printTable(this.context.stdout, head, rows);
  }

  /** A list with all that is known of each thing: as {@link printList}, but with blocks of lines instead of a table. */
  protected async printBlocks<T>(
    items: Iterable<T> | AsyncIterable<T>,
    render: (item: T, paint: Paint) => string,
    empty = 'nothing found',
  ): Promise<void> {
    let count = 0;
    for await (const item of items) {
      if (count > 0 && !this.json && !this.quiet) this.line();
      count += 1;
      this.print(item, render);
      if (!(await this.isRead())) return;
    }
    if (count === 0 && !this.json && !this.quiet) this.note(empty);
  }

  /** How the work for one of many things went: its result, or on stderr what was wrong. */
  protected printOutcome(name: string, outcome: Outcome<unknown, Done>): void {
    if ('result' in outcome) return this.print(outcome.result, (done) => String(done.file ?? done.name));
    const { code, message } = outcome.error;
    if (this.json) this.line(jsonLine({ name, error: { code, message } }));
    else this.note(`mito: ${name}: ${message}`);
  }

  /**
   * Does `work`, which says how far it is, with a bar on stderr: none with `--json` or `--quiet`, nor below
   * `least`, by default for a single thing or less than 1 MiB. Lines that are written meanwhile appear above it.
   */
  protected async withBar<T>(
    label: string,
    total: number,
    { unit = 'things', least = LEAST[unit], done = 0 }: ProgressOptions & { readonly least?: number },
    work: (bar?: Progress) => Promise<T>,
  ): Promise<T> {
    const isShown = total > 0 && (this.isBarWanted || total >= least);
    if (this.json || this.quiet || !isShown) return work();
    const { startProgress } = await import('../output/progress.js');
    const bar = startProgress(this.context.stderr, label, total, { unit, done });
    this.bar = bar;
    try {
      return await work(bar);
    } finally {
      this.bar = undefined;
      bar.stop();
    }
  }

  protected override line(text = ''): void {
    if (this.bar) this.bar.above(() => super.line(text));
    else super.line(text);
  }

  protected override note(...lines: string[]): void {
    if (this.bar) this.bar.above(() => super.note(...lines));
    else super.note(...lines);
  }

  /** Waits until the reader of stdout takes more; false without a reader: endless output stops then. */
  protected async isRead(): Promise<boolean> {
    return hasRoom(this.context.stdout, this.signal);
  }

  private async stream(line: string): Promise<boolean> {
    return line === '' || writeOut(this.context.stdout, `${line}\n`, this.signal);
  }
}
