// `AsyncClient` and what it returns, made from the classes of the synchronous client: the same names, arguments and
// words, so that the two can't differ. Reads the source as `ruff format` leaves it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SOURCE = 'python/src/mitosis';
/** Classes that have an asynchronous twin, with their modules; `BASES` are parts of the class of their name. */
const BASES = { Client: ['_looking', 'Looking'] };
const TWINS = [
  ['_client', 'Client'],
  ['_task', 'Task'],
  ['_job', 'Job'],
  ['_remote', 'MapJob'],
  ['_files', 'Files'],
  ['_files', 'Artifacts'],
  ['_access', 'Admin'],
  ['_access', 'Programs'],
  ['_access', 'Workloads'],
  ['_code', 'Code'],
  ['_standing', 'Secrets'],
  ['_standing', 'Schedules'],
  ['_standing', 'Receivers'],
  ['_standing', 'Experiments'],
];
/** What waits for nothing, or can't be awaited where it stands. */
const PLAIN = new Set(['new_key', 'close', 'task', 'job', 'executor']);
const LEFT_OUT = new Set(['local', 'ensure_bytes', 'group']);
const METHOD = /^ {4}((?:@\w+\n {4})*)def ([a-z]\w*)\(([^]*?)\) -> ([^\n]+?):\n(?: {8}"""([^]*?)"""\n)?/gm;
const NAMES = new RegExp(`\\b(${TWINS.map(([, name]) => name).join('|')})\\b`, 'g');

/** The module of the asynchronous classes. */
export async function asyncClient(root, generated) {
  const sources = new Map();
  for (const [module] of [...TWINS, ...Object.values(BASES)])
    sources.set(module, await readFile(join(root, SOURCE, `${module}.py`), 'utf8'));
  const partOf = ([module, name]) => bodyOf(sources.get(module), name);
  const classes = TWINS.flatMap(([module, name]) => {
    const parts = [[module, name], BASES[name]].filter(Boolean).map(partOf);
    return ['', '', ...twinOf(name, parts.join('\n'))];
  });
  const text = classes.join('\n');
  const isUsed = (name) => new RegExp(`\\b${name}\\b`).test(text);
  const imports = importedNames([...sources.values()].join('\n')).filter(
    ([, name]) => isUsed(name) && !NAMES_SET.has(name),
  );
  const own = [
    ...TWINS.map(([module, name]) => [`..${module}`, name]),
    ...[...sources].flatMap(([module, source]) =>
      [...source.matchAll(/^(?:class )?([A-Z]\w+)(?: = |\(|:)/gm)]
        .map(([, name]) => [`..${module}`, name])
        .filter(([, name]) => isUsed(name) && !NAMES_SET.has(name)),
    ),
    ['.._async', 'Twin'],
    ['.._async', 'iterate'],
    ['.._async', 'run'],
    ['.._async', 'wrap'],
  ];
  return `${[
    generated,
    '"""The asynchronous client: the names of the synchronous one, to be awaited."""',
    '',
    'from __future__ import annotations',
    '',
    ...importLines([['collections.abc', 'AsyncIterator'], ['typing', 'Any'], ...imports, ...own]),
    ...classes,
  ].join('\n')}\n`;
}

const NAMES_SET = new Set(TWINS.map(([, name]) => name));

function bodyOf(source, name) {
  const begin = source.search(new RegExp(`^class ${name}\\b`, 'm'));
  const rest = source.slice(begin);
  const end = rest.slice(1).search(/^(?:class|def|@|[A-Z_]\w* = )/m);
  return end === -1 ? rest : rest.slice(0, end + 1);
}

/** Everything that the modules import from elsewhere, by module and name. */
function importedNames(text) {
  const found = [...text.matchAll(/^ *from (\S+) import (?:\(([^)]*)\)|([^\n]*))$/gm)];
  return found.flatMap(([, module, many, one]) =>
    (many ?? one)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => /^[A-Za-z_]\w*$/.test(name))
      .map((name) => [module.startsWith('.') ? `.${module}` : module, name]),
  );
}

function importLines(pairs) {
  const byModule = new Map();
  for (const [module, name] of pairs) byModule.set(module, (byModule.get(module) ?? new Set()).add(name));
  const seen = new Set();
  return [...byModule]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([module, names]) => {
      const fresh = [...names].filter((name) => !seen.has(name) && name !== 'annotations').sort();
      for (const name of fresh) seen.add(name);
      return fresh.length === 0 ? [] : [`from ${module} import ${fresh.join(', ')}`];
    });
}

function twinOf(name, body) {
  const [, words] = /"""([^]*?)"""/.exec(body) ?? [];
  const methods = [...body.matchAll(METHOD)].filter(([, , method]) => !LEFT_OUT.has(method));
  return [
    `class Async${name}(Twin):`,
    `    """The asynchronous \`${name}\`. ${words.trim()}\n    """`,
    '',
    `    of = ${name}`,
    ...(name === 'Client' ? constructorOf(body) : []),
    ...(name === 'Task' || name === 'Job'
      ? ['', '    @property', '    def uuid(self) -> str:', '        return str(self._sync.uuid)']
      : []),
    ...methods.flatMap(([, decorators, method, parameters, result, docs]) =>
      memberOf({ decorators, method, parameters, result, docs }),
    ),
    ...(name === 'MapJob' ? mapIteration() : []),
  ];
}

const mapIteration = () => [
  '',
  '    async def _items(self) -> AsyncIterator[Any]:',
  '        async for item in iterate(iter, self._sync):',
  '            yield item',
  '',
  '    def __aiter__(self) -> AsyncIterator[Any]:',
  '        return self._items()',
];

function constructorOf(body) {
  const [, parameters] = /def __init__\(([^]*?)\) -> None:/.exec(body);
  return [
    '',
    `    def __init__(${parameters}) -> None:`,
    `        super().__init__(Client(${argumentsOf(parameters)}))`,
    '',
    '    async def __aenter__(self) -> AsyncClient:',
    '        return self',
    '',
    '    async def __aexit__(self, *_: object) -> None:',
    '        self.close()',
  ];
}

/** `a, *, b=b, **options` of a list of parameters. */
function argumentsOf(parameters) {
  let isNamed = false;
  return splitParameters(parameters)
    .filter((parameter) => parameter !== 'self' && parameter !== 'cls')
    .flatMap((parameter) => {
      if (parameter === '*') {
        isNamed = true;
        return [];
      }
      const [, stars, name] = /^(\*{0,2})(\w+)/.exec(parameter);
      if (stars === '*') isNamed = true;
      return [stars === '' && isNamed ? `${name}=${name}` : `${stars}${name}`];
    })
    .join(', ');
}

function splitParameters(text) {
  const parts = [];
  let [depth, begin] = [0, 0];
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at];
    if ('([{'.includes(char ?? ' ')) depth += 1;
    if (')]}'.includes(char ?? ' ')) depth -= 1;
    if ((char === ',' && depth === 0) || at === text.length) {
      parts.push(text.slice(begin, at).trim());
      begin = at + 1;
    }
  }
  return parts.filter(Boolean);
}

function memberOf({ decorators, method, parameters, result, docs }) {
  const type = result.replace(NAMES, 'Async$1');
  const words = docs === undefined ? [] : [`        """${docs}"""`];
  if (decorators.includes('@property'))
    return [
      '',
      '    @property',
      `    def ${method}(self) -> ${type}:`,
      ...words,
      `        _found: ${type} = wrap(self._sync.${method})`,
      '        return _found',
    ];
  const given = parameters.replace(NAMES, 'Async$1');
  const call = [`self._sync.${method}`, argumentsOf(parameters)].filter(Boolean).join(', ');
  const [, item] = /^Iterator\[(.*)\]$/.exec(type) ?? [];
  if (item !== undefined)
    return [
      '',
      `    async def ${method}(${given}) -> AsyncIterator[${item}]:`,
      ...words,
      `        async for item in iterate(${call}):`,
      '            yield item',
    ];
  if (PLAIN.has(method))
    return [
      '',
      `    def ${method}(${given}) -> ${type}:`,
      ...words,
      `        _found: ${type} = wrap(self._sync.${method}(${argumentsOf(parameters)}))`,
      '        return _found',
    ];
  return [
    '',
    `    async def ${method}(${given}) -> ${type}:`,
    ...words,
    `        _found: ${type} = await run(${call})`,
    '        return _found',
  ];
}
