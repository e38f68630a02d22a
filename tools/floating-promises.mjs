import ts from 'typescript';

/** An expression statement whose value is a promise that is neither awaited, handled nor marked `void`. */
export const FLOATING_PROMISE = {
  name: 'floating-promise',
  says: 'a promise that nobody waits for',
  breaks: (node, { checker }) => ts.isExpressionStatement(node) && floats(checker, node.expression),
};

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
