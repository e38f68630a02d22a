import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installed, isExecutable } from './installed.js';

const run = promisify(execFile);

const VERSION = '0.13.9';
const FOLDER = path.join(tmpdir(), `mito-uv-${VERSION}`);
const INSTALL_MS = 600_000;

/** Path of a Python that can make virtual environments, see {@link installed}. */
export async function pythonProgram(): Promise<string> {
  const find = async (): Promise<string | undefined> =>
    run('python3', ['-c', 'import venv, ensurepip, sys; print(sys.executable)']).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
  const onMac = 'brew install python';
  return installed({ what: 'Python with venv', packages: ['python3', 'python3-venv'], onMac, find });
}

/** Path of a uv of our own, fetched from PyPI once. Throws with the command that did not work. */
export async function uvProgram(): Promise<string> {
  const uv = path.join(FOLDER, 'uv');
  if (await isExecutable(uv)) return uv;
  const python = await pythonProgram();
  const draft = await mkdtemp(path.join(tmpdir(), 'mito-test-uv-'));
  try {
    await run(python, ['-m', 'venv', draft]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `uv==${VERSION}`];
    await run(path.join(draft, 'bin', 'python'), install, { timeout: INSTALL_MS });
    await mkdir(FOLDER, { recursive: true });
    // It needs nothing beside it. Two tests may do this at a time.
    await copyFile(path.join(draft, 'bin', 'uv'), path.join(draft, 'uv'));
    await rename(path.join(draft, 'uv'), uv);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return uv;
}
