import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useKeys } from '../app/keys.js';

export interface Column<T> {
  readonly name: string;
  /** The heading, when it is not the name. */
  readonly head?: ComponentChildren;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers are aligned by their last digit. */
  readonly isNumber?: boolean;
  /** Takes what room there is, and is cut with an ellipsis. */
  readonly isWide?: boolean;
  /** Left out where there is little room. */
  readonly isExtra?: boolean;
  readonly sort?: { readonly direction: 'ascending' | 'descending' | 'none'; onSort(): void } | undefined;
}

export interface TableProps<T> {
  /** What the rows are, for those who hear the page. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** With it a row opens at `enter`. */
  readonly onOpen?: ((row: T) => void) | undefined;
  readonly selection?:
    | { readonly keys: ReadonlySet<string>; toggle(key: string): void; toggleAll(): void; nameOf(row: T): string }
    | undefined;
  /** The table that j, k, x and enter are for; one on a page. */
  readonly hasKeys?: boolean;
}

/** The one table of all pages. */
export function Table<T>(props: TableProps<T>) {
  const { label, columns, rows, keyOf, selection } = props;
  const [current, setCurrent] = useState<string>();
  const body = useRef<HTMLTableSectionElement>(null);
  useTableKeys(props, current, setCurrent);
  useEffect(() => {
    if (current !== undefined) body.current?.querySelector('tr.current')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const isAll = selection !== undefined && rows.length > 0 && rows.every((row) => selection.keys.has(keyOf(row)));
  return (
    <div class="table-frame" role="region" aria-label={label} tabIndex={0}>
      <table aria-label={label}>
        <thead>
          <tr>
            {selection && (
              <th class="tick">
                <input
                  type="checkbox"
                  aria-label="Select all rows shown"
                  checked={isAll}
                  onChange={selection.toggleAll}
                />
              </th>
            )}
            {columns.map((column) => (
              <HeadCell key={column.name} column={column as Column<unknown>} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => {
            const key = keyOf(row);
            return (
              <tr key={key} class={key === current ? 'current' : ''} aria-selected={selection?.keys.has(key)}>
                {selection && (
                  <td class="tick">
                    <input
                      type="checkbox"
                      aria-label={`Select ${selection.nameOf(row)}`}
                      checked={selection.keys.has(key)}
                      onChange={() => selection.toggle(key)}
                    />
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column.name} class={cellClass(column as Column<unknown>)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function cellClass({ isNumber, isWide, isExtra }: Column<unknown>): string {
  return [isNumber && 'number', isWide && 'wide', isExtra && 'extra'].filter(Boolean).join(' ');
}

function HeadCell({ column }: { readonly column: Column<unknown> }) {
  const { name, head, sort } = column;
  const content = head ?? name;
  if (sort === undefined)
    return (
      <th scope="col" class={cellClass(column)}>
        {content}
      </th>
    );
  return (
    <th scope="col" class={cellClass(column)} aria-sort={sort.direction}>
      <button type="button" class="sort" onClick={sort.onSort}>
        {content}
        <span aria-hidden="true">{{ ascending: ' ↑', descending: ' ↓', none: '' }[sort.direction]}</span>
      </button>
    </th>
  );
}

function useTableKeys<T>(
  { rows, keyOf, onOpen, selection, hasKeys = false }: TableProps<T>,
  current: string | undefined,
  setCurrent: (key: string | undefined) => void,
): void {
  const at = rows.findIndex((row) => keyOf(row) === current);
  const move = (step: number): void => {
    const row = rows[Math.min(Math.max(at === -1 ? (step > 0 ? 0 : rows.length - 1) : at + step, 0), rows.length - 1)];
    if (row !== undefined) setCurrent(keyOf(row));
  };
  const row = at === -1 ? undefined : rows[at];
  useKeys(
    hasKeys
      ? {
          j: () => move(1),
          k: () => move(-1),
          x: () => void (row !== undefined && selection?.toggle(keyOf(row))),
          Enter: () => void (row !== undefined && onOpen?.(row)),
        }
      : {},
  );
}
