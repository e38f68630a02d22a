import Table from 'cli-table3';
import type { Writable } from 'node:stream';

/** Columns with two spaces between them and a heading; wide characters count double. */
export function printTable(stdout: Writable, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const border = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' };
  const inner = { 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };
  const table = new Table({
    head: [...head],
    chars: { ...border, ...inner },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  stdout.write(`${table.toString().replace(/ +$/gm, '')}\n`);
}
