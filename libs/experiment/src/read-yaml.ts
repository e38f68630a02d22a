import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { SOURCE_LIMITS, wrongAt, type Place, type ScalarNode, type SourceNode, type TableNode } from './source-tree.js';

/** A line that begins with `%`, before anything else than comments. */
const DIRECTIVE = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*%/;

class YamlReader {
  private aliased = 0;
  /** How many aliases the current node stands below. */
  private inAlias = 0;
  /** By name, the node that an alias stands for from here on. */
  private readonly anchors = new Map<string, Node>();

  constructor(
    private readonly file: string,
    private readonly lines: LineCounter,
  ) {}

  placeOf(node: { readonly range?: readonly number[] | null }): Place {
    const { line, col } = this.lines.linePos(node.range?.[0] ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  read(node: Node | null, place: Place, depth: number): SourceNode {
    const fail = (message: string): never => {
      throw wrongAt(this.file, place, message);
    };
    if (depth > SOURCE_LIMITS.depth) return fail(`it is nested more than ${SOURCE_LIMITS.depth} levels deep`);
    if (this.inAlias > 0 && ++this.aliased > SOURCE_LIMITS.aliasedNodes)
      return fail(`its aliases stand for more than ${SOURCE_LIMITS.aliasedNodes} values`);
    if (node === null) return { kind: 'scalar', place, type: 'nothing', text: '' };
    if (isAlias(node)) return this.alias(node.source, place, depth);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (node.tag !== undefined) return fail(`a tag (${node.tag}) is not allowed here; write the value without it`);
    if (isScalar(node)) return this.scalar(node, place);
    if (isSeq(node))
      return {
        kind: 'list',
        place,
        items: node.items.map((item) => this.read(item as Node, this.placeOf(item as Node), depth + 1)),
      };
    return isMap(node) ? this.table(node.items, place, depth) : fail('this is neither a value nor a table');
  }

  private alias(source: string, place: Place, depth: number): SourceNode {
    const target = this.anchors.get(source);
    if (!target) throw wrongAt(this.file, place, `*${source} names no anchor that stands before it`);
    this.inAlias += 1;
    const node = this.read(target, place, depth + 1);
    this.inAlias -= 1;
    return node;
  }

  private scalar(
    {
      value,
      source,
      type,
    }: { readonly value: unknown; readonly source?: string | undefined; readonly type?: string | undefined },
    place: Place,
  ): ScalarNode {
    const written = source ?? String(value ?? '');
    if (typeof value === 'string') return { kind: 'scalar', place, type: 'text', text: value };
    if (typeof value === 'boolean') return { kind: 'scalar', place, type: 'boolean', text: written };
    if (type === 'PLAIN' && value !== null) return { kind: 'scalar', place, type: 'number', text: written };
    return { kind: 'scalar', place, type: 'nothing', text: written };
  }

  private table(items: readonly { key: unknown; value: unknown }[], place: Place, depth: number): TableNode {
    const entries: TableNode['entries'] = new Map();
    for (const { key, value } of items) {
      const keyNode = key as Node;
      const at = this.placeOf(keyNode);
      if (!isScalar(keyNode) || keyNode.tag !== undefined) throw wrongAt(this.file, at, 'a key must be a plain word');
      const name = typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? '');
      if (name === '<<') throw wrongAt(this.file, at, '"<<" is not read here; use [templates] and "use"');
      const node = (value ?? null) as Node | null;
      entries.set(name, { place: at, value: this.read(node, node ? this.placeOf(node) : at, depth + 1) });
    }
    return { kind: 'table', place, entries };
  }
}

function documentOf(file: string, text: string, lines: LineCounter): Document.Parsed {
  const start = { line: 1, column: 1 };
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      uniqueKeys: true,
      intAsBigInt: true,
      prettyErrors: false,
      lineCounter: lines,
      logLevel: 'error',
      strict: true,
    });
  } catch (error) {
    if (error instanceof RangeError) throw wrongAt(file, start, 'it is nested too deep');
    throw error;
  }
}

/**
 * YAML 1.2 with its core schema: no tags, no duplicate keys,
 * no merge keys, bounded aliases. Throws `invalid_experiment`.
 */
export function readYaml(file: string, text: string): TableNode {
  const lines = new LineCounter();
  const document = documentOf(file, text, lines);
  const [problem] = [...document.errors, ...document.warnings];
  const reader = new YamlReader(file, lines);
  if (problem) throw wrongAt(file, reader.placeOf({ range: problem.pos }), problem.message);
  if (DIRECTIVE.test(text)) throw wrongAt(file, { line: 1, column: 1 }, 'a file begins with no directive (%)');
  const root = reader.read(document.contents, { line: 1, column: 1 }, 0);
  if (root.kind !== 'table') throw wrongAt(file, root.place, 'an experiment is a table of keys and values');
  return root;
}
