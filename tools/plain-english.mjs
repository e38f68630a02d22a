// Words and constructions that docs/contributing/language.md replaces, in everything that a person reads: pages, help,
// messages, comments and titles of tests.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FIXTURE = 'tools/fixtures/lint/libs/worker/src/plain-english.ts';

/** Each with an example in the fixture. */
const PATTERNS = [
  { pattern: /\banswers\b(?! to )/i, write: 'returns, responds with, responses' },
  { pattern: /\bso many\b/i, write: 'at most N, this many' },
  {
    pattern: /(?<!\b(?:there|here|it)) (?:is|was|be) no (?!longer|more|less|later|earlier|such)/i,
    write: 'is not a …',
  },
  { pattern: /\bany more\b(?! \w+s\b)/i, write: 'no longer' },
  { pattern: /\bgo(?:es)? on\b(?! to)/i, write: 'continues' },
  { pattern: /\banew\b/i, write: 'again' },
  { pattern: /\b(?:was|were|is|are) not heard of\b/i, write: 'sent no heartbeat' },
  {
    pattern:
      /(?:^|[.:;] |\W\* |\/\/ |['"`|])What (?:is|was|are|were) [^.,;:?]+ (?:is|was|are|were|has|have|can|may|must) /,
    write: 'a sentence with a noun as its subject',
  },
];

/** Decisions, migrations and the changelog are history and stay as they were written. */
const LEFT_OUT =
  /^(?:docs\/decisions\/|libs\/database\/src\/migrations\/|CHANGELOG\.md|docs\/contributing\/language\.md|tools\/(?:fixtures\/|plain-english\.mjs)|libs\/coordinator\/web\/)/;
const READ = /\.(?:md|ts|tsx|mjs|cjs|py)$/;

/** Findings as lines of text. A rule that its own example does not break is one, too. */
export async function checkEnglish(root) {
  const inFixture = findings(FIXTURE, await readFile(join(root, FIXTURE), 'utf8'));
  const blind = PATTERNS.filter(({ write }) => !inFixture.some((line) => line.includes(`write "${write}"`)));
  if (blind.length > 0) return blind.map(({ write }) => `${FIXTURE}: no sentence for "${write}"`);
  const files = (await trackedFiles(root)).filter((file) => READ.test(file) && !LEFT_OUT.test(file));
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(join(root, file), 'utf8')]));
  return texts.flatMap(([file, text]) => findings(file, text));
}

function findings(file, text) {
  const prose = file.endsWith('.md') ? proseOfPage : proseOfCode;
  return prose(text.split('\n')).flatMap((line, index) =>
    PATTERNS.filter(({ pattern }) => pattern.test(line)).map(
      ({ pattern, write }) =>
        `${file}:${index + 1}: "${pattern.exec(line)?.[0].trim()}": write "${write}" (plain-english)`,
    ),
  );
}

/** Lines without the blocks of code. */
function proseOfPage(lines) {
  let isCode = false;
  return lines.map((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) isCode = !isCode;
    return isCode || isFence ? '' : line;
  });
}

/** Comments, and strings of several words. */
function proseOfCode(lines) {
  let isDocString = false;
  return lines.map((line) => {
    const wasDocString = isDocString;
    if ((line.match(/"""/g) ?? []).length % 2 === 1) isDocString = !isDocString;
    if (wasDocString || line.includes('"""') || /^\s*(?:\/\/|\/?\*|#)/.test(line)) return line;
    const strings = (line.match(/'[^']* [^']*'|"[^"]* [^"]*"|`[^`]* [^`]*`/g) ?? []).join(' ');
    const [comment = ''] = /(?:^|\s)(?:\/\/|\/\*|# ).*$/.exec(line) ?? [];
    return `${strings} ${comment}`;
  });
}

async function trackedFiles(root) {
  const child = spawn('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const names = Buffer.concat(await child.stdout.toArray())
    .toString('utf8')
    .split('\0');
  return names.filter((name) => name !== '');
}
