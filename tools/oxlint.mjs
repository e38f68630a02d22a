// Style and likely mistakes, by oxlint with .oxlintrc.json.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { byFile, fixtureProblems } from './expectations.mjs';

const FIXTURE = 'tools/fixtures/lint';
const PATHS = ['apps', 'libs', 'tools', 'bench', '.dependency-cruiser.cjs'];

/** Findings as lines of text. */
export async function checkLint(root) {
  const [fixture, product, conflicts] = await Promise.all([
    oxlint(root, [FIXTURE]),
    oxlint(root, ['--ignore-pattern', 'tools/fixtures/**', ...PATHS]),
    conflictMarkers(root),
  ]);
  const pairs = fixture.diagnostics.map(({ filename, code }) => [filename, ruleName(code)]);
  // Rules that other checks of `npm run lint` find, and prove on the same fixture.
  const ours = byFile([
    ...pairs,
    [`${FIXTURE}/libs/worker/src/floating.ts`, 'floating-promise'],
    ...['cut-text', 'cut-bytes', 'raw-output', 'guessed-text', 'api-path', 'plain-english'].map((rule) => [
      `${FIXTURE}/libs/worker/src/${rule}.ts`,
      rule,
    ]),
  ]);
  const blind = await fixtureProblems({ root, fixture: FIXTURE, found: ours });
  return [...blind, ...conflicts, ...product.diagnostics.map(lineOf)];
}

/** Lines that an unresolved merge conflict left in any file of the repository: no compiler reads the pages. */
async function conflictMarkers(root) {
  const args = ['grep', '--untracked', '-nIE', '^(<<<<<<<|>>>>>>>)( |$)'];
  const child = spawn('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = Buffer.concat(await child.stdout.toArray())
    .toString('utf8')
    .split('\n');
  return lines.filter((line) => line !== '').map((line) => `${line} (conflict marker)`);
}

/** `eslint(no-empty)` is called `no-empty`. */
function ruleName(code) {
  return /\((.*)\)/.exec(code)?.[1] ?? code;
}

function lineOf({ filename, labels, code, message }) {
  const { line = 1, column = 1 } = labels[0]?.span ?? {};
  return `${filename}:${line}:${column}: ${message} (${ruleName(code ?? 'parse error')})`;
}

async function oxlint(root, args) {
  const program = join(root, 'node_modules', '.bin', 'oxlint');
  const child = spawn(program, ['--config', join(root, '.oxlintrc.json'), '--format', 'json', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks = await child.stdout.toArray();
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
