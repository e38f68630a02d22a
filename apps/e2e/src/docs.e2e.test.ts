import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { access, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { parse as parseToml } from 'smol-toml';
import { fileScope, tempDir, uvProgram } from '@mitosis/testing';
import { MAIN } from './harness/mito-process.js';
import { startStack, type E2eStack } from './harness/stack.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);

/** Blocks that no test can run, by page. Each says why in the page; a new one has to be counted here. */
const NOT_RUN: Readonly<Record<string, number>> = {
  'CONTRIBUTING.md': 3,
  'README.md': 4,
  'docs/how-to/add-workers.md': 5,
  'docs/how-to/containers.md': 1,
  'docs/how-to/events.md': 1,
  'docs/how-to/first-task.md': 1,
  'docs/how-to/interactive.md': 2,
  'docs/how-to/limits.md': 1,
  'docs/how-to/manage-access.md': 2,
  'docs/how-to/python-tools.md': 1,
  'docs/how-to/python.md': 1,
  'docs/how-to/resources.md': 3,
  'docs/how-to/running-task.md': 1,
  'docs/how-to/sdk.md': 1,
  'docs/how-to/sweep.md': 1,
  'docs/how-to/terminal.md': 2,
  'docs/performance.md': 1,
  'docs/reliability.md': 1,
  'workloads/README.md': 1,
};

const file = fileScope(test);
let stack: E2eStack;

/**
 * A fenced block of a page. A comment on the line before it may say how to run it:
 * `<!-- not run: REASON -->`, `<!-- exit: CODE -->` (1 to 255), or `<!-- until: TEXT -->`, which leaves the
 * block running in the background, until the end of the page, once it has printed TEXT.
 */
interface Block {
  readonly language: string;
  readonly body: string;
  readonly remark: 'not run' | 'exit' | 'until' | undefined;
  readonly value: string;
}

const BLOCK = /(?:<!-- (not run|exit|until): ([^>]*?) -->\n)?```([a-z]*)\n([^]*?)```/g;

/** Languages of blocks that are run; `text` marks what is only to be looked at. */
const RUN = ['console', 'sh', 'js'];
/** Blocks that the tests of python/ run. */
const PYTHON = ['python'];

function blocksOf(page: string): Block[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, remark, value = '', language = '', body = '']) => ({
    language,
    body: body.trimEnd(),
    remark: remark as Block['remark'],
    value,
  }));
}

const isRun = (block: Block): boolean => RUN.includes(block.language) && block.remark !== 'not run';

/** What is typed in a `console` block stands behind `$ `; a line that ends in a backslash continues in the next one. */
function typed(block: Block): { commands: string; expected: string[] } {
  if (block.language !== 'console') return { commands: block.body, expected: [] };
  const lines = block.body.split('\n');
  const isCommand = (line: string, index: number): boolean =>
    line.startsWith('$ ') || (index > 0 && (lines[index - 1] ?? '').endsWith('\\'));
  return {
    commands: lines
      .filter(isCommand)
      .map((line) => line.replace(/^\$ /, ''))
      .join('\n'),
    // Lines with … give an impression of the output; the others have to be printed.
    expected: lines.filter((line, index) => !isCommand(line, index) && !line.includes('…') && line !== ''),
  };
}

/** One shell on the folder of a page. What one block sets is there in the next one, its folder, too. */
class Typist {
  readonly #background: ChildProcess[] = [];

  constructor(
    private readonly dir: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  async type(t: ExecutionContext, block: Block): Promise<void> {
    if (block.language === 'js') await writeFile(path.join(this.dir, 'block.mjs'), block.body);
    const { commands, expected } =
      block.language === 'js' ? { commands: 'node block.mjs', expected: [] } : typed(block);
    if (block.remark === 'until') return await this.#goOn(t, commands, block.value);
    const child = this.#shell(`set -e\n${commands}\n${this.#saveVariables()}`);
    const output = collect(child);
    const [code] = (await once(child, 'close')) as [number | null];
    t.is(code, block.remark === 'exit' ? Number(block.value) : 0, `${commands}\n${output()}`);
    for (const line of expected) {
      t.true(output().includes(line.trim()), `${commands}\nshould print: ${line}\nbut printed: ${output()}`);
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#background) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    }
  }

  async #goOn(t: ExecutionContext, command: string, text: string): Promise<void> {
    // The shell becomes the command, so that the signal at the end reaches it.
    const child = this.#shell(`exec ${command}`);
    this.#background.push(child);
    const output = collect(child);
    const seen = new Promise<void>((resolve) => {
      const look = (): void => void (output().includes(text) && resolve());
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', look);
    });
    await Promise.race([seen, once(child, 'close')]);
    t.true(output().includes(text), `${command}\nshould print: ${text}\nbut printed: ${output()}`);
    t.is(child.exitCode, null, `${command} ended:\n${output()}`);
  }

  #shell(script: string): ChildProcess {
    const restore = `[ -e "${this.#state}" ] && . "${this.#state}"`;
    return spawn('bash', ['-c', `${restore}\n${script}`], {
      cwd: this.dir,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  get #state(): string {
    return path.join(this.dir, 'home', 'variables');
  }

  #saveVariables(): string {
    const names = 'task job group code token worker first second next';
    return `{ set +o posix; declare -p ${names} 2>/dev/null || true; printf 'cd %q\\n' "$PWD"; } > "${this.#state}"`;
  }
}

function collect(child: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** A folder that looks like a clone to whoever types the commands of a page. */
async function workFolder(dir: string): Promise<void> {
  for (const name of ['examples', 'workloads', 'node_modules']) {
    await symlink(path.join(ROOT, name), path.join(dir, name));
  }
  await writeFile(path.join(dir, 'mito'), `#!/bin/sh\nexec "${process.execPath}" -- "${MAIN}" "$@"\n`, { mode: 0o755 });
  await mkdir(path.join(dir, 'home'));
}

test.before(async () => {
  const uv = await uvProgram();
  stack = await startStack(file, { slots: 4, path: [path.dirname(uv)], notifyNetworks: '127.0.0.1' });
});

for (const page of PAGES.filter((name) => blocksOf(name).some(isRun))) {
  test.serial(`every command in ${page} works`, async (t) => {
    t.timeout(300_000);
    const dir = await tempDir(t);
    await workFolder(dir);
    const { username, password } = stack.ready.admin;
    const typist = new Typist(dir, {
      ...stack.env,
      MITO_USER: username,
      MITO_PASSWORD: password,
      PATH: `${dir}:${process.env.PATH ?? ''}`,
      HOME: path.join(dir, 'home'),
      MITO_MANAGER_DIR: path.join(dir, 'manager'),
    });
    t.teardown(() => typist.stop());
    for (const block of blocksOf(page).filter(isRun)) await typist.type(t, block);
  });
}

test('every block says in which language it is, and is run unless the page says why not', (t) => {
  const notRun: Record<string, number> = {};
  for (const page of PAGES) {
    for (const { language, body, remark, value } of blocksOf(page)) {
      t.true(
        [...RUN, ...PYTHON, 'toml', 'json', 'text', 'diff'].includes(language),
        `${page}: a block in "${language}":\n${body}`,
      );
      t.false(language === 'text' && /^\$ /m.test(body), `${page}: commands are "console" blocks:\n${body}`);
      if (remark === 'not run') {
        t.true(value.length > 10, `${page}: say why this is not run:\n${body}`);
        notRun[page] = (notRun[page] ?? 0) + 1;
      }
      if (language === 'toml') t.notThrows(() => parseToml(body), `${page}:\n${body}`);
      if (language === 'json') t.notThrows(() => JSON.parse(body) as unknown, `${page}:\n${body}`);
    }
  }
  t.deepEqual(notRun, NOT_RUN);
});

test('links between the pages lead somewhere', async (t) => {
  const missing: string[] = [];
  for (const page of PAGES) {
    const text = await readFile(path.join(ROOT, page), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const target = path.resolve(ROOT, path.dirname(page), link);
      await access(target).catch(() => missing.push(`${page}: ${link}`));
    }
  }
  t.deepEqual(missing, []);
});
