import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { MitoError, parseShellTemplate, parseTemplate } from './index.js';

const fill = (text: string, params: Record<string, string | number | boolean>, index?: number): string =>
  parseTemplate(text, 'the command')(params, index);

test('a name in braces is replaced, once', (t) => {
  t.is(fill('{a}-{b}{a}', { a: '{b}', b: 2 }), '{b}-2{b}');
  t.is(fill('{index} {a}', { a: true }, 7), '7 true');
});

test('a doubled brace stands for itself; what is not a name in braces stays', (t) => {
  t.is(
    fill('{{a}} {{{a}}} {} {1} { a } ${HOME} ${a} {"a": {a}} {a,b}', { a: 1 }),
    '{a} {{a}} {} {1} { a } ${HOME} ${a} {"a": 1} {a,b}',
  );
});

test('a name that is not a parameter is refused, naming the known ones', (t) => {
  const error = t.throws(() => fill('--x {nope}', { lr: 1, seed: 2 }, 3), { instanceOf: MitoError });
  t.is(
    error?.message,
    'the command: {nope} is not a parameter: there is {lr}, {seed}, {index}. Write {{nope}} for the text {nope} itself',
  );
  t.throws(() => fill('{toString}', {}), { message: /there is none/ });
});

const SHELLS = ['/bin/sh', '/bin/dash', '/bin/bash'].filter((shell) => existsSync(shell));

interface Case {
  readonly line: string;
  readonly x: string;
}

/** What a shell prints for each line in which `{x}` has this value; its variables are those of a task. */
function printed(shell: string, cases: readonly Case[]): string[] {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const scripts = cases.map(({ line, x }) => {
    const script = parseShellTemplate(line, 'the shell line')({ x });
    return `MITO_PARAM_X=${quoted(x)}; export MITO_PARAM_X\n(${script}\n)\nprintf '\\0'\n`;
  });
  return execFileSync(shell, { input: scripts.join(''), encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

/** Lines that print `{x}` between brackets, however it is quoted. */
const LINES = [
  "printf '[%s]' {x}",
  'printf "[%s]" "{x}"',
  "printf '[{x}]'",
  'printf "[{x}]"',
  "printf '[%s]' pre'{x}'post | sed 's/pre//; s/post//'",
  'printf "[%s]" "$(printf %s {x})"',
  'printf "[%s]" "$(printf %s "{x}")"',
  'printf "[%s]" "$(printf %s \'{x}\')"',
  "# it's a remark about {x}\nprintf '[%s]' {x}",
  'a={x}; printf "[%s]" "$a"',
  "(printf '[%s]' {x})",
  'printf "\\"" >/dev/null; printf "[%s]" {x}',
];

for (const shell of SHELLS) {
  test(`${shell} gets a value as one word and never runs it, in whatever quotes its name stands`, (t) => {
    const values = [
      ...[
        "it's",
        '$(touch made)',
        '`id`',
        '"; id; "',
        '$HOME',
        'a b  c',
        '*',
        '~',
        '&& id',
        '> made',
        "'; id #",
        '|',
        '!x',
      ],
      ...fc.sample(fc.string({ unit: 'grapheme', maxLength: 20 }), 30).filter((text) => !/[\0%\\\n]/.test(text)),
    ];
    const cases = LINES.flatMap((line) => values.map((x) => ({ line, x })));
    const texts = printed(shell, cases);
    t.is(texts.length, cases.length);
    cases.forEach(({ line, x }, place) => t.is(texts[place], `[${x}]`, `${line} with ${x}`));
  });
}

test('harmless values stand in a shell line as they are, so that they can be read and counted with', (t) => {
  const line = parseShellTemplate('echo "{\\"loss\\": {lr}}" $(({n} * 2)) ${lr} > {{x}}', '--shell');
  t.is(line({ lr: 0.1, n: 3 }), 'echo "{\\"loss\\": 0.1}" $((3 * 2)) ${lr} > {x}');
});
