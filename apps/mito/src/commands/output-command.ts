import { Option } from 'clipanion';
import { once } from 'node:events';
import { idOf } from '../output/id-of.js';
import { type Paint, paintFor } from '../output/paint.js';
import type { Cell } from '../output/print-table.js';
import type { Progress, ProgressOptions } from '../output/progress.js';
import { MitoCommand } from './mito-command.js';

/** How a list looks to a person. */
export interface Listing<T> {
  readonly head: readonly string[];
  readonly row: (item: T, paint: Paint) => readonly Cell[];
  /** Said on stderr in place of an empty table. */
  readonly empty?: string;
}

/** A command with results: text for people, JSON with `--json`, only ids with `--quiet`. */
export abstract class OutputCommand extends MitoCommand {
  readonly json = Option.Boolean('--json', false, { description: 'print JSON instead of text; lists are one object a line' });
  readonly quiet = Option.Boolean('-q,--quiet', false, { description: 'print only what names the results' });

  protected override get isJson(): boolean {
    return this.json;
  }

  /** Colours for stdout, where there may be some. */
  protected get paint(): Paint {
    return paintFor(this.context.stdout, this.context.env);
  }

  /** One value: as one line of JSON, as its id (see {@link idOf}), or as the text that `render` makes of it. */
  protected print<T>(value: T, render: (value: T, paint: Paint) => string): void {
    if (this.json) return this.line(JSON.stringify(value));
    if (!this.quiet) return this.line(render(value, this.paint));
    const id = idOf(value);
    if (id !== undefined) this.line(id);
  }

  /** Something that is shown once: that is what the next command needs, with `--quiet` too. */
  protected printSecret<T>(value: T, secret: string): void {
    this.line(this.json ? JSON.stringify(value) : secret);
  }

  /** A list: one line of JSON or one id each, as they come; or a table that fits the terminal. */
  protected async printList<T>(items: Iterable<T> | AsyncIterable<T>, { head, row, empty }: Listing<T>): Promise<void> {
    if (this.json || this.quiet) {
      for await (const item of items) await this.stream(this.json ? JSON.stringify(item) : (idOf(item) ?? ''));
      return;
    }
    const rows: (readonly Cell[])[] = [];
    for await (const item of items) rows.push(row(item, this.paint));
    if (rows.length === 0) return this.note(empty ?? 'nothing found');
    const { printTable } = await import('../output/print-table.js');
    printTable(this.context.stdout, head, rows);
  }

  /** Progress on stderr; none with `--json` or `--quiet`. */
  protected async progress(label: string, total: number, options: ProgressOptions = {}): Promise<Progress> {
    const { SILENT_PROGRESS, startProgress } = await import('../output/progress.js');
    return this.json || this.quiet ? SILENT_PROGRESS : startProgress(this.context.stderr, label, total, options);
  }

  private async stream(line: string): Promise<void> {
    if (line !== '' && !this.context.stdout.write(`${line}\n`)) await once(this.context.stdout, 'drain');
  }
}
