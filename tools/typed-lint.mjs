// The rules that need types: promises that nobody waits for, text that is cut by its length, text that goes
// to a terminal as it is. oxlint knows no types, so this asks the compiler's own API. It takes some seconds; run as a
// program it says nothing and ends with 0 when the sources are those of the last clean run.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { byFile, fixtureProblems } from './expectations.mjs';
import { FLOATING_PROMISE } from './floating-promises.mjs';
import { sourceFolders } from './projects.mjs';
import { TEXT_RULES } from './text-rules.mjs';

const FIXTURE = 'tools/fixtures/lint';
const RULES = [FLOATING_PROMISE, ...TEXT_RULES];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = await sourceFiles();
const cleanRun = join(root, '.nx', 'typed-lint.clean');
const own = ['typed-lint.mjs', 'floating-promises.mjs', 'text-rules.mjs', 'expectations.mjs'];
const digest = await digestOf([
  ...files,
  join(root, 'package-lock.json'),
  ...own.map((name) => join(root, 'tools', name)),
]);
if ((await readFile(cleanRun, 'utf8').catch(() => '')) !== digest) {
  const problems = await problemsIn(files);
  for (const problem of problems) console.log(problem);
  await mkdir(dirname(cleanRun), { recursive: true });
  await writeFile(cleanRun, problems.length === 0 ? digest : '');
  process.exitCode = problems.length === 0 ? 0 : 1;
}

async function sourceFiles() {
  const folders = [...(await sourceFolders(root)), FIXTURE];
  return folders
    .flatMap((folder) => ts.sys.readDirectory(join(root, folder), ['.ts', '.tsx'], ['**/*.d.ts'], ['**/*']))
    .sort();
}

async function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(await readFile(path))
      .update('\0');
  return hash.digest('hex');
}

/** One line per finding, `path:line:column: what (rule)`, and what the fixture says that is not so. */
async function problemsIn(files) {
  const found = findings(files);
  const inFixture = ({ file }) => file.startsWith(FIXTURE);
  const pairs = found.filter(inFixture).map(({ file, rule }) => [file, rule]);
  // What oxlint finds in the fixture is left to that one.
  const expected = await fixtureProblems({
    root,
    fixture: FIXTURE,
    found: byFile(pairs),
    only: RULES.map(({ name }) => name),
  });
  const product = found.filter((finding) => !inFixture(finding));
  return [...expected, ...product.map(({ file, at, says, rule }) => `${file}:${at}: ${says} (${rule})`)];
}

function findings(files) {
  const program = ts.createProgram(files, compilerOptions());
  const checker = program.getTypeChecker();
  const found = [];
  for (const source of program.getSourceFiles()) {
    if (source.isDeclarationFile || program.isSourceFileFromExternalLibrary(source)) continue;
    const file = relative(root, source.fileName);
    const rules = RULES.filter(({ concerns }) => concerns === undefined || concerns(file));
    visit(source, (node) => {
      for (const { name, says, breaks } of rules) {
        if (!breaks(node, { checker, file, source })) continue;
        const { line, character } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push({ file, at: `${line + 1}:${character + 1}`, says, rule: name });
      }
    });
  }
  return found;
}

function compilerOptions() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  return {
    ...options,
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    jsx: ts.JsxEmit.ReactJSX,
    jsxImportSource: 'preact',
  };
}

function visit(node, see) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}
