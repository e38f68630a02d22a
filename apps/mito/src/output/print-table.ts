import type { Writable } from 'node:stream';
import { isTerminal } from './paint.js';
import { harmless, say } from './say.js';
import { shorten, textWidth } from './text-width.js';

/** What stands in a column; `paint` colours it after it was cut to size. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const GAP = 2;
/** No column is made narrower than this. */
const NARROWEST = 6;

const textOf = (cell: Cell): string => harmless(typeof cell === 'string' ? cell : cell.text);

/**
 * Widths that fit into `columns`: the widest column gives way first. The first column is never cut,
 * as it is what the next command is given; with too many columns the lines are longer than the screen.
 */
export function fitWidths(natural: readonly number[], columns: number): number[] {
  const widths = natural.map((width, index) => (index === 0 ? width : Math.min(width, columns)));
  const line = (): number => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  while (line() > columns) {
    const widest = widths.reduce((best, width, index) => (index > 0 && width > (widths[best] ?? 0) ? index : best), 1);
    if ((widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function renderRow(row: readonly Cell[], widths: readonly number[]): string {
  const cells = row.map((cell, index) => {
    const width = widths[index] ?? 0;
    const text = shorten(textOf(cell), width);
    const painted = typeof cell === 'string' || text === '' ? text : cell.paint(text);
    return index === row.length - 1 ? painted : painted + ' '.repeat(width - textWidth(text));
  });
  return cells.join(' '.repeat(GAP)).trimEnd();
}

/** The table that {@link printTable} prints, with lines that fit into `columns`; 0 for as long as they are. */
export function tableText(head: readonly string[], rows: readonly (readonly Cell[])[], columns: number): string {
  const natural = head.map((title, index) =>
    Math.max(textWidth(title), ...rows.map((row) => textWidth(textOf(row[index] ?? '')))),
  );
  const widths = columns > 0 ? fitWidths(natural, columns) : natural;
  return [head, ...rows].map((row) => `${renderRow(row, widths)}\n`).join('');
}

/** Columns of a terminal; 0 for anything else, which has no edge. */
export function columnsOf(stdout: Writable): number {
  return isTerminal(stdout) && 'columns' in stdout ? Number(stdout.columns) : 0;
}

/**
 * Columns with two spaces between them and a heading. On a terminal the lines fit into it, in a pipe
 * nothing is cut. Control characters in cells are shown, not obeyed.
 */
export function printTable(stdout: Writable, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  say(stdout, tableText(head, rows, columnsOf(stdout)));
}
