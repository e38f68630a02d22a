import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { access, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fileScope, tempDir } from '@mitosis/testing';
import { MAIN } from './harness/mito-process.js';
import { startStack, type E2eStack } from './harness/stack.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HOW_TO = readdirSync(path.join(ROOT, 'docs', 'how-to'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/how-to/${name}`);

const file = fileScope(test);
let stack: E2eStack;

/** A block of commands: what is typed stands behind `$ `, everything else is what is seen. */
interface Block {
  readonly commands: string;
  readonly expected: readonly string[];
  readonly exitCode: number;
}

const BLOCK = /(?:<!-- (not run|exit): ([^>]*?) -->\n)?```console\n([^]*?)```/g;

/** Lines that are there to give an impression of the output rather than to be the same each time. */
const isPlain = (line: string): boolean => !line.includes('…') && line !== '';

/** The blocks of a page that are to be run: without a remark, or with the exit code that they are to end with. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  return [...text.matchAll(BLOCK)]
    .filter(([, remark]) => remark !== 'not run')
    .map(([, , value, body = '']) => {
      const lines = body.trimEnd().split('\n');
      const isCommand = (line: string, index: number): boolean =>
        line.startsWith('$ ') || (index > 0 && (lines[index - 1] ?? '').endsWith('\\'));
      return {
        commands: lines
          .filter(isCommand)
          .map((line) => line.replace(/^\$ /, ''))
          .join('\n'),
        expected: lines.filter((line, index) => !isCommand(line, index) && isPlain(line)),
        exitCode: Number(value ?? 0),
      };
    });
}

async function bash(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: Buffer.concat(chunks).toString() };
}

/** A folder that looks like a clone to whoever types the commands of a page. */
async function workFolder(dir: string): Promise<void> {
  for (const name of ['examples', 'workloads', 'node_modules'])
    await symlink(path.join(ROOT, name), path.join(dir, name));
  await writeFile(path.join(dir, 'mito'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, { mode: 0o755 });
  await mkdir(path.join(dir, 'home'));
}

test.before(async () => {
  stack = await startStack(file, { slots: 4 });
});

for (const page of ['README.md', ...HOW_TO].filter((name) => blocksOf(name).length > 0)) {
  test.serial(`every command in ${page} works`, async (t) => {
    t.timeout(180_000);
    const dir = await tempDir(t);
    await workFolder(dir);
    const { username, password } = stack.ready.admin;
    const login = { MITO_USER: username, MITO_PASSWORD: password };
    const env = {
      ...stack.env,
      ...login,
      PATH: `${dir}:${process.env.PATH ?? ''}`,
      HOME: path.join(dir, 'home'),
      MITO_MANAGER_DIR: path.join(dir, 'manager'),
    };
    const state = path.join(dir, 'home', 'variables');
    for (const { commands, expected, exitCode } of blocksOf(page)) {
      // One block is one shell; what it has set is there in the next one.
      const script = `[ -e "${state}" ] && . "${state}"\nset -e\n${commands}\n{ set +o posix; declare -p task job group code 2>/dev/null || true; } > "${state}"`;
      const { code, output } = await bash(script, dir, env);
      t.is(code, exitCode, `${commands}\n${output}`);
      for (const line of expected)
        t.true(output.includes(line.trim()), `${commands}\nshould print: ${line}\nbut printed: ${output}`);
    }
  });
}

test('links between the pages lead somewhere', async (t) => {
  const pages = ['README.md', 'docs/architecture.md', 'libs/client/README.md', ...HOW_TO];
  const missing: string[] = [];
  for (const page of pages) {
    const text = await readFile(path.join(ROOT, page), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const target = path.resolve(ROOT, path.dirname(page), link);
      await access(target).catch(() => missing.push(`${page}: ${link}`));
    }
  }
  t.deepEqual(missing, []);
});
