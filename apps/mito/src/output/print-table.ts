import type { Writable } from 'node:stream';
import { isTerminal } from './paint.js';
import { harmless, say } from './say.js';
import { shorten, textWidth } from './text-width.js';

/** What stands in a column; `paint` colours it after it was cut to size. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const GAP = 2;
/** No column is made narrower than this. */
const NARROWEST = 6;
const STATE = /^state$/i;

const textOf = (cell: Cell): string => harmless(typeof cell === 'string' ? cell : cell.text);

/**
 * Widths that fit into `columns`: the widest column gives way first. The first column is never cut,
 * as it is what the next command is given; neither is one that is `fixed`.
 */
export function fitWidths(natural: readonly number[], columns: number, fixed: readonly boolean[] = []): number[] {
  const widths = natural.map((width, index) => (index === 0 ? width : Math.min(width, columns)));
  const isCut = (index: number): boolean => index > 0 && fixed[index] !== true;
  const line = (): number => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  while (line() > columns) {
    const widest = widths.reduce(
      (best, width, index) => (isCut(index) && (best < 0 || width > (widths[best] ?? 0)) ? index : best),
      -1,
    );
    if (widest < 0 || (widths[widest] ?? 0) <= NARROWEST) break;
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

interface Measured {
  readonly natural: readonly number[];
  readonly isEmpty: readonly boolean[];
}

/**
 * The columns that are shown where not all fit: those in which nothing stands go first, then the last ones.
 * The first column and the state stay; a state is never cut.
 */
function shownColumns(head: readonly string[], { natural, isEmpty }: Measured, columns: number): number[] {
  const least = (index: number): number =>
    index === 0 || STATE.test(head[index] ?? '') ? (natural[index] ?? 0) : Math.min(natural[index] ?? 0, NARROWEST);
  const width = (shown: readonly number[]): number => shown.reduce((sum, index) => sum + least(index) + GAP, -GAP);
  const all = head.map((_, index) => index);
  if (natural.reduce((sum, each) => sum + each + GAP, -GAP) <= columns) return all;
  const shown = all.filter((index) => index === 0 || isEmpty[index] !== true);
  for (let index = shown.length - 1; index > 0 && width(shown) > columns; index -= 1)
    if (!STATE.test(head[shown[index] ?? 0] ?? '')) shown.splice(index, 1);
  return shown;
}

/** The table that {@link printTable} prints, with lines that fit into `columns`; 0 for as long as they are. */
export function tableText(head: readonly string[], rows: readonly (readonly Cell[])[], columns: number): string {
  const widthsOf = (index: number): number[] => rows.map((row) => textWidth(textOf(row[index] ?? '')));
  const natural = head.map((title, index) => Math.max(textWidth(title), ...widthsOf(index)));
  const isEmpty = head.map((_, index) => rows.length > 0 && widthsOf(index).every((width) => width === 0));
  const shown = columns > 0 ? shownColumns(head, { natural, isEmpty }, columns) : head.map((_, index) => index);
  const fixed = shown.map((index) => STATE.test(head[index] ?? ''));
  const own = shown.map((index) => natural[index] ?? 0);
  const widths = columns > 0 ? fitWidths(own, columns, fixed) : own;
  return [head, ...rows]
    .map(
      (row) =>
        `${renderRow(
          shown.map((index) => row[index] ?? ''),
          widths,
        )}\n`,
    )
    .join('');
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
