import test from 'ava';
import { parse } from 'smol-toml';
import { readToml } from './read-toml.js';
import { readYaml } from './read-yaml.js';
import type { SourceNode } from './source-tree.js';

/** The tree as plain values: numbers, times and strings as text. */
function plain(node: SourceNode): unknown {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plain(value)]));
}

const TOML = `# a comment
title = "a \\"b\\" \\u00e9 # no comment"  # a comment
'quoted key' = 'C:\\path'
long = """
one \\
   two"""
raw = '''it's''' 
ends = """a"""""
a.b."c.d" = [1, 2.50, 1e-3, 0x10, [true, "x, ]"], { k = 1, l.m = "}" }]
[tab.le]
when = 1979-05-27 07:32:00Z
n = -inf
[[list]]
x = 1 # one
[[list]]
x = 1_000
[list.sub]
y = []
z = [
  1, # one
  2,
]
`;

test('a TOML file is read with the text of its numbers and the place of its keys', (t) => {
  const tree = readToml('f.toml', TOML);
  t.deepEqual(plain(tree), {
    title: 'a "b" é # no comment',
    'quoted key': 'C:\\path',
    long: 'one two',
    raw: "it's",
    ends: 'a""',
    a: { b: { 'c.d': ['1', '2.50', '1e-3', '0x10', ['true', 'x, ]'], { k: '1', l: { m: '}' } }] } },
    tab: { le: { when: '1979-05-27 07:32:00Z', n: '-inf' } },
    list: [{ x: '1' }, { x: '1_000', sub: { y: [], z: ['1', '2'] } }],
  });
  t.deepEqual(tree.entries.get('raw')?.place, { line: 7, column: 1 });
  const strings = parse(TOML) as Record<string, unknown>;
  for (const key of ['title', 'quoted key', 'long', 'raw', 'ends'])
    t.is((plain(tree) as Record<string, unknown>)[key], strings[key]);
});

test('what is not TOML is refused with its line and column', (t) => {
  t.throws(() => readToml('f.toml', 'a = 1\nb = 010\n'), { message: /^f\.toml:2:5: / });
  t.throws(() => readToml('f.toml', 'a = 1\na = 2\n'), { message: /^f\.toml:2:\d+: / });
  t.throws(() => readToml('f.toml', `a = ${'['.repeat(100)}1${']'.repeat(100)}`), { message: /^f\.toml:1:\d+: / });
});

test('a YAML file is read by YAML 1.2, values with their text', (t) => {
  const text = 'lr: [1e-3, 1.0, 0x10, 010, no, 9007199254740993, "1.50", true, null]\nb: &x {c: 1}\nd: *x\n';
  t.deepEqual(plain(readYaml('f.yaml', text)), {
    lr: ['1e-3', '1.0', '0x10', '010', 'no', '9007199254740993', '1.50', 'true', 'null'],
    b: { c: '1' },
    d: { c: '1' },
  });
  const lr = readYaml('f.yaml', text).entries.get('lr')?.value as { items: { type: string }[] };
  t.deepEqual(
    lr.items.map(({ type }) => type),
    ['number', 'number', 'number', 'number', 'text', 'number', 'text', 'boolean', 'nothing'],
  );
});

test('tags, duplicate keys, merge keys, several documents and directives of YAML are refused with their place', (t) => {
  const refused = (text: string, message: RegExp): void => {
    t.throws(() => readYaml('f.yaml', text), { message });
  };
  refused('a: 1\nb: !!str 2\n', /^f\.yaml:2:\d+: a tag/);
  refused('m: !!js/function x\n', /^f\.yaml:1:\d+: /);
  refused('a: 1\nb: 2\na: 3\n', /^f\.yaml:3:1: /);
  refused('x: &x {a: 1}\ny:\n  <<: *x\n', /^f\.yaml:3:3: /);
  refused('a: 1\n---\nb: 2\n', /^f\.yaml:2/);
  refused('# c\n%YAML 1.1\n---\na: no\n', /^f\.yaml:1:1: .*directive/);
  refused('- 1\n', /^f\.yaml:1:1: an experiment is a table/);
  refused('a: *nope\n', /^f\.yaml:1:4: /);
  refused('a: [1\n', /^f\.yaml:\d+:\d+: /);
  refused(`a: ${'['.repeat(50_000)}`, /^f\.yaml:\d+:\d+: /);
});

test('nine levels of nine aliases are refused before they are written out', (t) => {
  const levels = Array.from({ length: 9 }, (_, n) =>
    n === 0 ? 'a0: &a0 [x]' : `a${n}: &a${n} [${Array.from({ length: 9 }, () => `*a${n - 1}`).join(', ')}]`,
  );
  t.throws(() => readYaml('f.yaml', levels.join('\n')), { message: /aliases stand for more than/ });
});
