// Promises that nobody waits for. oxlint knows no types, so this asks the compiler's own API. It takes
// some seconds; run as a program it says nothing and ends with 0 when the sources are those of the
// last clean run.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { sourceFolders } from './projects.mjs';

const FIXTURE = 'tools/fixtures/lint';
const IN_FIXTURE = /^tools\/fixtures\/lint\/libs\/worker\/src\/floating\.ts:15:/;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = await sourceFiles();
const cleanRun = join(root, '.nx', 'floating-promises.clean');
const digest = await digestOf([...files, join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]);
if ((await readFile(cleanRun, 'utf8').catch(() => '')) !== digest) {
  const problems = judged(floatingPromises(files));
  for (const problem of problems) console.log(problem);
  await mkdir(dirname(cleanRun), { recursive: true });
  await writeFile(cleanRun, problems.length === 0 ? digest : '');
  process.exitCode = problems.length === 0 ? 0 : 1;
}

async function sourceFiles() {
  const folders = [...(await sourceFolders(root)), FIXTURE];
  return folders.flatMap((folder) => ts.sys.readDirectory(join(root, folder), ['.ts'], ['**/*.d.ts'], ['**/*'])).sort();
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

/** The one in the fixture has to be found, or the others would not be either. */
function judged(problems) {
  const product = problems.filter((problem) => !problem.startsWith(FIXTURE));
  const inFixture = problems.filter((problem) => problem.startsWith(FIXTURE));
  if (inFixture.length === 1 && IN_FIXTURE.test(inFixture[0])) return product;
  return [
    `${FIXTURE}: exactly line 15 of floating.ts should be reported, not: ${inFixture.join(', ') || 'nothing'}`,
    ...product,
  ];
}

/** One line per expression statement whose value is a promise that is neither awaited, handled nor marked `void`. */
function floatingPromises(files) {
  const program = ts.createProgram(files, compilerOptions());
  const checker = program.getTypeChecker();
  const problems = [];
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || program.isSourceFileFromExternalLibrary(file)) continue;
    visit(file, (node) => {
      if (!ts.isExpressionStatement(node) || !floats(checker, node.expression)) return;
      const { line, character } = file.getLineAndCharacterOfPosition(node.getStart());
      problems.push(`${relative(root, file.fileName)}:${line + 1}:${character + 1}: a promise that nobody waits for`);
    });
  }
  return problems;
}

function compilerOptions() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  return { ...options, composite: false, declaration: false, declarationMap: false, noEmit: true };
}

function visit(node, see) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function floats(checker, expression) {
  if (ts.isAwaitExpression(expression) || ts.isVoidExpression(expression)) return false;
  if (ts.isParenthesizedExpression(expression)) return floats(checker, expression.expression);
  if (ts.isConditionalExpression(expression))
    return floats(checker, expression.whenTrue) || floats(checker, expression.whenFalse);
  if (ts.isBinaryExpression(expression)) return floatsAsBinary(checker, expression);
  return ts.isCallExpression(expression)
    ? isPromise(checker, expression) && !isHandled(expression)
    : isPromise(checker, expression);
}

/** `a && b()` floats as b does; an assignment keeps the promise. */
function floatsAsBinary(checker, { operatorToken, right }) {
  const logical = [
    ts.SyntaxKind.AmpersandAmpersandToken,
    ts.SyntaxKind.BarBarToken,
    ts.SyntaxKind.QuestionQuestionToken,
    ts.SyntaxKind.CommaToken,
  ];
  return logical.includes(operatorToken.kind) && floats(checker, right);
}

function isPromise(checker, expression) {
  const type = checker.getTypeAtLocation(expression);
  const parts = type.isUnion() ? type.types : [type];
  return parts.some((part) => part.getProperty('then') !== undefined && part.getProperty('catch') !== undefined);
}

/** A rejection is dealt with by `.catch(f)` or `.then(f, g)`, also when `.finally(f)` follows. */
function isHandled({ expression, arguments: given }) {
  if (!ts.isPropertyAccessExpression(expression)) return false;
  const { name, expression: source } = expression;
  if (name.text === 'catch') return given.length >= 1;
  if (name.text === 'then') return given.length >= 2;
  return name.text === 'finally' && ts.isCallExpression(source) && isHandled(source);
}
