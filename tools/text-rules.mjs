import ts from 'typescript';

const IN_PRODUCT = (file) =>
  /^(apps|libs)\/(?!e2e\/)/.test(file) && !/\.test\.ts$|\/testing\/|\/conformance\/|\/test-[^/]+$/.test(file);
const IN_FIXTURE = (file) => file.startsWith('tools/fixtures/');
const CUTS = new Set(['slice', 'substring', 'substr']);

/** A comment on the line, or on the line before, that says why this is none: `// parsing: …`, `// raw: …`. */
const excused = (node, source, word) => {
  const lines = source.text.split('\n');
  const { line } = source.getLineAndCharacterOfPosition(node.expression.name?.getStart() ?? node.getStart());
  const reason = new RegExp(`// ${word}: \\S`);
  return [lines[line], lines[line - 1]].some((text) => reason.test(text ?? ''));
};

/**
 * Text is cut by its length: `text.slice(0, MAX)`, `text.slice(-MAX)`, `[...text].slice(0, MAX)`. What is cut at
 * a place that was looked for (`indexOf`, a match, the length of a prefix) or that is fixed syntax
 * (`slice(1)`, `slice(0, -1)`) is parsing.
 */
const CUT_TEXT = {
  name: 'cut-text',
  says: 'text is cut by its length: use cutText or textTail of libs/domain, or say "// parsing: why"',
  concerns: (file) => (IN_PRODUCT(file) && file !== 'libs/domain/src/text.ts') || IN_FIXTURE(file),
  breaks(node, { checker, source }) {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
    const { name, expression: receiver } = node.expression;
    if (!CUTS.has(name.text)) return false;
    if (!isText(checker, receiver) && !isCharactersOf(checker, receiver)) return false;
    const [from, to] = node.arguments;
    const isEndCounted = to !== undefined && !isSyntaxEnd(to) && !isFound(checker, to);
    const isByLength = isNegativeCount(from) || isEndCounted || (from !== undefined && isLimit(from));
    return isByLength && !excused(node, source, 'parsing');
  },
};

/** Bytes are decoded in pieces: a character that is cut becomes U+FFFD. */
const CUT_BYTES = {
  name: 'cut-bytes',
  says: 'bytes are decoded in pieces: use a TextDecoder with stream, setEncoding, or say "// parsing: why"',
  concerns: CUT_TEXT.concerns,
  breaks(node, { checker, source }) {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
    const { name, expression: receiver } = node.expression;
    if (name.text !== 'toString' || !isBytes(checker, receiver)) return false;
    const [encoding] = node.arguments;
    if (encoding && ts.isStringLiteral(encoding) && !/^utf-?8$/.test(encoding.text)) return false;
    const isPiece = node.arguments.length > 1 || isCut(receiver) || isChunk(checker, receiver);
    return isPiece && !excused(node, source, 'parsing');
  },
};

/** The streams of the command get text from the output module only, which cleans it; bytes of tasks pass. */
const RAW_OUTPUT = {
  name: 'raw-output',
  says: 'text is written to a stream as it is: use say, writeData or control of output/say.ts',
  concerns: (file) =>
    (file.startsWith('apps/mito/src/') && !file.endsWith('.test.ts') && file !== 'apps/mito/src/output/say.ts') ||
    IN_FIXTURE(file),
  breaks(node, { checker, source }) {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
    const { name, expression: receiver } = node.expression;
    if (receiver.getText() === 'console') return !excused(node, source, 'raw');
    const [text] = node.arguments;
    if (name.text !== 'write' || !text || !mayBeText(checker, text)) return false;
    const isStream = checker.getTypeAtLocation(receiver).getProperty('writableLength') !== undefined;
    return isStream && !excused(node, source, 'raw');
  },
};

/**
 * Text that people give is read with `decodeText` of libs/domain, by `readText` and `readOwnText` of the command:
 * they refuse what is not UTF-8 and take the byte order mark off. Node.js by itself puts U+FFFD in its place.
 */
const GUESSED_TEXT = {
  name: 'guessed-text',
  says: 'bytes that are not UTF-8 become U+FFFD: use readText or decodeText, or say "// lossy: why"',
  concerns: (file) =>
    (/^(apps\/mito|libs\/config)\/src\//.test(file) && !file.endsWith('.test.ts')) || file.endsWith('guessed-text.ts'),
  breaks(node, { checker, source }) {
    if (ts.isNewExpression(node)) return isLenientDecoder(node) && !excused(node, source, 'lossy');
    if (!ts.isCallExpression(node)) return false;
    const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
    const isGuessed = node.arguments.some((argument) => /^(\{ encoding: )?'utf-?8'/.test(argument.getText()));
    const isRead = /^(readFile|readFileSync|setEncoding|createReadStream)$/.test(called.getText()) && isGuessed;
    const isDecoded =
      called.getText() === 'toString' &&
      ts.isPropertyAccessExpression(node.expression) &&
      isBytes(checker, node.expression.expression) &&
      (isGuessed || node.arguments.length === 0);
    return (isRead || isDecoded) && !excused(node, source, 'lossy');
  },
};

const isLenientDecoder = (node) =>
  node.expression.getText() === 'TextDecoder' && !/fatal: true/.test(node.arguments?.[1]?.getText() ?? '');

/** The client calls operations by their declarations in libs/protocol: method, path and schemas stand there once. */
const API_PATH = {
  name: 'api-path',
  says: 'a path of the API stands in libs/protocol already: call its operation',
  concerns: (file) => (IN_PRODUCT(file) && file.startsWith('libs/client/src/')) || file.endsWith('/api-path.ts'),
  breaks: (node) =>
    (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node)) &&
    /^\/[a-z]/.test(node.text),
};

export const TEXT_RULES = [CUT_TEXT, CUT_BYTES, RAW_OUTPUT, GUESSED_TEXT, API_PATH];

function isText(checker, node) {
  const type = checker.getNonNullableType(checker.getTypeAtLocation(node));
  const parts = type.isUnion() ? type.types : [type];
  return parts.every((part) => (part.flags & ts.TypeFlags.StringLike) !== 0);
}

function mayBeText(checker, node) {
  const type = checker.getTypeAtLocation(node);
  const parts = type.isUnion() ? type.types : [type];
  return parts.some((part) => (part.flags & ts.TypeFlags.StringLike) !== 0);
}

/** `[...text]`, `Array.from(text)`, `text.split('')`. */
function isCharactersOf(checker, node) {
  if (ts.isArrayLiteralExpression(node))
    return node.elements.some((element) => ts.isSpreadElement(element) && isText(checker, element.expression));
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const [first] = node.arguments;
  if (node.expression.getText() === 'Array.from') return first !== undefined && isText(checker, first);
  return node.expression.name.text === 'split' && first !== undefined && ts.isStringLiteral(first) && first.text === '';
}

function isBytes(checker, node) {
  const type = checker.getNonNullableType(checker.getTypeAtLocation(node));
  return type.getProperty('byteLength') !== undefined && type.getProperty('subarray') !== undefined;
}

const isCut = (node) =>
  ts.isCallExpression(node) &&
  ts.isPropertyAccessExpression(node.expression) &&
  ['subarray', 'slice'].includes(node.expression.name.text);

/** The parameter of a listener of `data`, or what `for await` takes from a stream. */
function isChunk(checker, node) {
  if (!ts.isIdentifier(node)) return false;
  const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
  if (!declaration) return false;
  if (ts.isParameter(declaration)) {
    const call = declaration.parent.parent;
    return ts.isCallExpression(call) && call.arguments[0]?.getText() === "'data'";
  }
  const loop = declaration.parent?.parent;
  return ts.isVariableDeclaration(declaration) && ts.isForOfStatement(loop) && loop.awaitModifier !== undefined;
}

const isNegativeCount = (node) =>
  node !== undefined && ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken;
const isSyntaxEnd = (node) => isNegativeCount(node) && ts.isNumericLiteral(node.operand);

/** `slice(LENGTH_MAX)` begins wherever that is. */
const isLimit = (node) => ts.isIdentifier(node) && /^[A-Z][A-Z0-9_]+$/.test(node.text);

/** A place in text that was looked for, and not counted. */
function isFound(checker, node, depth = 0) {
  if (depth > 4) return false;
  const again = (other) => isFound(checker, other, depth + 1);
  if (ts.isParenthesizedExpression(node)) return again(node.expression);
  if (ts.isConditionalExpression(node)) return again(node.whenTrue) || again(node.whenFalse);
  if (ts.isBinaryExpression(node)) return again(node.left) || again(node.right);
  if (ts.isCallExpression(node)) {
    const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : '';
    if (/^(indexOf|lastIndexOf|search|findIndex)$/.test(called)) return true;
    return node.expression.getText() === 'Math.max' && node.arguments.some(again);
  }
  if (ts.isPropertyAccessExpression(node)) return ['length', 'index', 'lastIndex'].includes(node.name.text);
  if (!ts.isIdentifier(node)) return false;
  const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
  if (declaration && ts.isBindingElement(declaration) && declaration.propertyName?.getText() === 'index') return true;
  return declaration !== undefined && ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined
    ? again(declaration.initializer)
    : false;
}
