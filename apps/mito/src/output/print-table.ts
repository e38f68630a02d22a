import type { Writable } from 'node:stream';
import { isTerminal } from './paint.js';
import { harmless, say } from './say.js';
import { shorten, textWidth } from './text-width.js';

/** What stands in a column; `paint` colours it after it was cut to size, `short` is used where not all columns fit. */
export type Cell =
  string | { readonly text: string; readonly paint?: (text: string) => string; readonly short?: string };

const GAP = 2;
/** No column is made narrower than this, or than its title up to the other. */
const NARROWEST = 6;
const WIDEST_TITLE = 16;
const STATE = /^state$/i;

const textOf = (cell: Cell): string => harmless(typeof cell === 'string' ? cell : cell.text);

/**
 * Widths that fit into `columns`: the widest column gives way first, down to its floor. The first column is never cut,
 * as it is what the next command is given.
 */
export function fitWidths(natural: readonly number[], columns: number, floors: readonly number[] = []): number[] {
  const widths = natural.map((width, index) => (index === 0 ? width : Math.min(width, columns)));
  const isCut = (index: number): boolean => index > 0 && (widths[index] ?? 0) > (floors[index] ?? NARROWEST);
  const line = (): number => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  while (line() > columns) {
    const widest = widths.reduce(
      (best, width, index) => (isCut(index) && (best < 0 || width > (widths[best] ?? 0)) ? index : best),
      -1,
    );
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function renderRow(row: readonly Cell[], widths: readonly number[]): string {
  const cells = row.map((cell, index) => {
    const width = widths[index] ?? 0;
    const text = shorten(textOf(cell), width);
    const painted = typeof cell === 'string' || text === '' ? text : (cell.paint?.(text) ?? text);
    return index === row.length - 1 ? painted : painted + ' '.repeat(width - textWidth(text));
  });
  return cells.join(' '.repeat(GAP)).trimEnd();
}

interface Measured {
  readonly natural: readonly number[];
  readonly floors: readonly number[];
  readonly isEmpty: readonly boolean[];
}

const isState = (title: string | undefined): boolean => STATE.test(title ?? '');

/** How wide each column is, and how narrow it may become: what has a short form, and a state, is never cut. */
function measure(head: readonly string[], rows: readonly (readonly Cell[])[]): Measured {
  const cellsOf = (index: number): Cell[] => rows.map((row) => row[index] ?? '');
  const widest = head.map((_, index) => Math.max(0, ...cellsOf(index).map((cell) => textWidth(textOf(cell)))));
  const natural = head.map((title, index) => Math.max(textWidth(title), widest[index] ?? 0));
  const isFixed = (index: number): boolean =>
    index === 0 || isState(head[index]) || cellsOf(index).some((cell) => typeof cell !== 'string' && cell.short);
  const floors = head.map((title, index) => {
    const own = natural[index] ?? 0;
    return isFixed(index) ? own : Math.min(own, Math.max(NARROWEST, Math.min(textWidth(title), WIDEST_TITLE)));
  });
  return { natural, floors, isEmpty: widest.map((width) => rows.length > 0 && width === 0) };
}

const lineWidth = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width + GAP, -GAP);

/**
 * The columns that are shown where not all fit: those in which nothing stands go first, then the last ones.
 * The first column and the state stay; a state is never cut.
 */
function shownColumns(head: readonly string[], { floors, isEmpty }: Measured, columns: number): number[] {
  const width = (shown: readonly number[]): number => lineWidth(shown.map((index) => floors[index] ?? 0));
  const shown = head.map((_, index) => index).filter((index) => index === 0 || isEmpty[index] !== true);
  for (let index = shown.length - 1; index > 0 && width(shown) > columns; index -= 1)
    if (!isState(head[shown[index] ?? 0])) shown.splice(index, 1);
  return shown;
}

const shortCell = (cell: Cell): Cell =>
  typeof cell === 'string' || cell.short === undefined ? cell : { ...cell, text: cell.short };

/** The table that {@link printTable} prints, with lines that fit into `columns`; 0 for as long as they are. */
export function tableText(head: readonly string[], rows: readonly (readonly Cell[])[], columns: number): string {
  const whole = measure(head, rows).natural;
  if (columns === 0 || lineWidth(whole) <= columns) return render([head, ...rows], whole);
  const short = rows.map((row) => row.map(shortCell));
  const measured = measure(head, short);
  const shown = shownColumns(head, measured, columns);
  const pick = <T>(of: readonly T[], or: T): T[] => shown.map((index) => of[index] ?? or);
  const widths = fitWidths(pick(measured.natural, 0), columns, pick(measured.floors, 0));
  return render(
    [head, ...short].map((row) => pick<Cell>(row, '')),
    widths,
  );
}

function render(rows: readonly (readonly Cell[])[], widths: readonly number[]): string {
  return rows.map((row) => `${renderRow(row, widths)}\n`).join('');
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
