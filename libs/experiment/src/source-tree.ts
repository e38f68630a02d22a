import { MitoError } from '@mitosis/domain';

/** Where something stands in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface TableNode {
  readonly kind: 'table';
  readonly place: Place;
  readonly entries: Map<string, { readonly place: Place; readonly value: SourceNode }>;
}

export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: SourceNode[];
}

/** A value with the text that it was written with: of a number every digit, of a string its content. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly type: 'text' | 'number' | 'boolean' | 'time' | 'nothing';
  readonly text: string;
}

/** What TOML and YAML have in common, with the place of each part. */
export type SourceNode = TableNode | ListNode | ScalarNode;

/** Bounds of a file; beyond them it is refused before anything is made of it. */
export const SOURCE_LIMITS = {
  bytes: 4 * 1024 * 1024,
  depth: 32,
  /** Nodes that aliases of YAML may stand for, all together. */
  aliasedNodes: 20_000,
} as const;

/** The error of a file that is wrong at one place. */
export function wrongAt(file: string, { line, column }: Place, message: string): MitoError {
  return new MitoError('invalid', 'invalid_experiment', `${file}:${line}:${column}: ${message}`, {
    details: { file, line, column },
  });
}

/** What a node is, for people. */
export function kindOfNode(node: SourceNode): string {
  if (node.kind === 'table') return 'a table';
  if (node.kind === 'list') return 'a list';
  const names = { text: 'text', number: 'a number', boolean: 'true or false', time: 'a time', nothing: 'nothing' };
  return names[node.type];
}

/** Translates offsets in a text to lines and columns. */
export class Lines {
  private readonly starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  placeOf(offset: number): Place {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.starts[low] ?? 0) + 1 };
  }
}
