// Writes docs/reference, the list of commands in apps/mito and the generated half of the Python client, from what the
// code says of itself: commands, settings, API, errors. Needs a build; needs another one when the list has changed.
// With --check it writes nothing and ends with 1 when a page is not up to date.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { commandReference, EXIT_CODES, EXIT_OF_KIND } from '../apps/mito/dist/index.js';
import { ClientConfig, CoordinatorConfig, WorkerConfig } from '../libs/config/dist/index.js';
import { ERRORS, HTTP_STATUS } from '../libs/domain/dist/index.js';
import { experimentSchema } from '../libs/experiment/dist/index.js';
import { OPERATIONS } from '../libs/protocol/dist/index.js';
import { commandIndexSource } from './command-index.mjs';
import { pythonApiPages } from './python-api.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const GENERATED = '<!-- Made by tools/reference.mjs; do not edit. -->';
const SOURCES = ['apps', 'libs'];

const pages = {
  'apps/mito/src/command-index.ts': await commandIndex(join(root, 'apps', 'mito', 'src', 'command-index.ts')),
  'docs/reference/commands.md': await commandsPage(),
  'docs/reference/configuration.md': await configurationPage(),
  'docs/reference/api.md': apiPage(),
  'docs/reference/errors.md': await errorsPage(),
  ...(await pythonApiPages(root)),
  'docs/reference/experiment.schema.json': await schemaFile(join(root, 'docs', 'reference', 'experiment.schema.json')),
};
const isCheck = process.argv.includes('--check');
const stale = [];
await mkdir(join(root, 'docs', 'reference'), { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  const file = join(root, name);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  stale.push(name);
  if (!isCheck) await writeFile(file, text);
}
for (const page of stale)
  console.log(isCheck ? `${page} is not up to date: run "node tools/reference.mjs"` : `wrote ${page}`);
if (isCheck && stale.length > 0) process.exitCode = 1;

async function commandIndex(filepath) {
  const source = await commandIndexSource(join(root, 'apps', 'mito', 'dist', 'commands'));
  return await format(source, { ...(await resolveConfig(filepath)), filepath });
}

async function schemaFile(filepath) {
  return await format(JSON.stringify(experimentSchema()), { ...(await resolveConfig(filepath)), filepath });
}

function table(head, rows) {
  const line = (cells) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function page(title, ...parts) {
  return `${[`# ${title}`, GENERATED, ...parts].join('\n\n')}\n`;
}

async function commandsPage() {
  const models = await commandReference();
  const categories = [...new Set(models.map(({ category }) => category))].sort();
  const sections = categories.flatMap((category) => {
    const own = models
      .filter((model) => model.category === category)
      .sort((a, b) => (a.paths[0].join(' ') < b.paths[0].join(' ') ? -1 : 1));
    return [`## ${category}`, ...own.map(commandSection)];
  });
  const exit = ['## Exit codes', table(['Code', 'Meaning'], EXIT_CODES)];
  const note =
    'Every command that has results takes `--json` (one object, or one object a line) and `--quiet` (only what names the results). `client` may be left out, and the options of `mito client` may also stand before the rest of the command.';
  return page('Commands', note, ...sections, ...exit);
}

function commandSection({ paths, description, details, operands, options, examples }) {
  const [first, ...others] = paths.map((path) => `mito ${path.join(' ')}`);
  const usage = [first, ...(options.length > 0 ? ['[options]'] : []), ...operands].join(' ');
  const rows = options.map(({ names, takesValue, description: text }) => [
    `\`${names.join(', ')}${takesValue ? ' …' : ''}\``,
    text,
  ]);
  return [
    `### ${first}`,
    `${description[0].toUpperCase()}${description.slice(1)}.`,
    `\`${usage}\`${others.length > 0 ? `; also ${others.map((path) => `\`${path}\``).join(', ')}` : ''}`,
    ...(details === '' ? [] : [details.replace(/ *\n(?!\n)/g, ' ').replace(/\n +/g, '\n\n')]),
    ...(rows.length > 0 ? [table(['Option', 'Meaning'], rows)] : []),
    ...examples.map(([label, command]) => `${label}: \`${command}\``),
  ].join('\n\n');
}

/** Doc comments of the fields, from the source: a schema does not keep them. */
async function fieldComments(file) {
  const text = await readFile(join(root, 'libs', 'config', 'src', file), 'utf8');
  return new Map(
    [...text.matchAll(/\/\*\*(?:\s*\n\s*\*)?\s*((?:[^*]|\*(?!\/))*?)\s*\*\/\s*(\w+):/g)].map(([, comment, name]) => [
      name,
      comment.replace(/\s*\n\s*\*\s*/g, ' '),
    ]),
  );
}

async function configurationPage() {
  const sections = [
    ['coordinator', CoordinatorConfig],
    ['worker', WorkerConfig],
    ['client', ClientConfig],
  ];
  const parts = [];
  for (const [name, schema] of sections) {
    const comments = await fieldComments(`${name}-config.ts`);
    const { properties, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    const rows = Object.entries(properties).map(([field, { default: value, alias }]) => {
      const shown = value === undefined ? (required.includes(field) ? 'required' : '') : `\`${JSON.stringify(value)}\``;
      return [
        `\`${field}\``,
        `\`MITO_${field.toUpperCase()}\``,
        shown,
        [comments.get(field), alias && `Also called \`${alias}\`.`].filter(Boolean).join(' '),
      ];
    });
    parts.push(`## [${name}]`, table(['Setting', 'Environment', 'Default', 'Meaning'], rows));
  }
  const note =
    'Settings are layered, later ones win: the defaults, `config.toml` in `$MITO_CONFIG_DIR` (else `mitosis` in your configuration folder), the file of `--config` or `./config.toml`, the environment, the command line.';
  return page('Configuration', note, ...parts);
}

function apiPage() {
  const tags = [...new Set(OPERATIONS.map(({ id }) => id.split('.')[0]))].sort();
  const parts = tags.flatMap((tag) => {
    const own = OPERATIONS.filter(({ id }) => id.split('.')[0] === tag);
    return [
      `## ${tag}`,
      table(
        ['Operation', 'Request', 'Access', 'What it does'],
        own.map(({ id, method, path, access, summary }) => [id, `\`${method} ${path}\``, access, summary]),
      ),
    ];
  });
  return page(
    'API',
    'A coordinator serves the full description, with all schemas, at `/openapi.json` and as a page at `/docs`.',
    ...parts,
  );
}

async function sources() {
  const files = [];
  for (const part of SOURCES) {
    const entries = await readdir(join(root, part), { recursive: true, withFileTypes: true });
    files.push(
      ...entries
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
    );
  }
  const product = files.filter(
    (file) => /\/src\//.test(file) && !/\/(node_modules|dist)\/|\.test\.ts$|\/testing\/|\/conformance\//.test(file),
  );
  return await Promise.all(product.sort().map(async (file) => await readFile(file, 'utf8')));
}

async function errorsPage() {
  const text = (await sources()).join('\n');
  const unused = Object.keys(ERRORS).filter((code) => !text.includes(`'${code}'`));
  if (unused.length > 0) throw new Error(`nothing throws these errors of the catalogue: ${unused.join(', ')}`);
  const note =
    'Every error has a stable code. The API returns `{"error": {"code", "message", "details"}}`; the command writes it to stderr (with `--json` as one line of JSON) and ends with the exit code.';
  return page(
    'Errors',
    note,
    table(
      ['Code', 'Kind', 'HTTP', 'Exit', 'What happened', 'What to do'],
      Object.entries(ERRORS)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([code, { kind, means, todo }]) => [
          `\`${code}\``,
          kind,
          HTTP_STATUS[kind] ?? '',
          EXIT_OF_KIND[kind] ?? '',
          means,
          todo,
        ]),
    ),
  );
}
