// Installs dist/mitosis-VERSION.tgz as a user would on another machine, without a network, with an empty cache,
// without rights and with a space in the name of the home folder, and runs `mito demo` from it.
import { spawnSync } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of nobody, when root asks. */
const USER = process.getuid() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const folder = await mkdtemp(join(tmpdir(), 'mito package '));
await chmod(folder, 0o755);
const home = join(folder, 'a home');
try {
  await mkdir(home);
  const tarball = join(home, 'mitosis.tgz');
  await copyFile(join(root, 'dist', `mitosis-${version}.tgz`), tarball);
  await chmod(tarball, 0o644);
  if (USER.uid !== undefined) await chown(home, USER.uid, USER.gid);
  const env = {
    HOME: home,
    PATH: process.env.PATH,
    npm_config_cache: join(home, 'cache'),
    npm_config_prefix: join(home, 'prefix'),
  };
  run('npm', ['install', '-g', '--offline', '--no-audit', '--no-fund', '--no-update-notifier', tarball], env);
  const mito = join(home, 'prefix', 'bin', 'mito');
  const said = run(mito, ['--version'], env).trim();
  if (said !== version) throw new Error(`mito --version says ${said}, not ${version}`);
  run(mito, ['demo'], env);
  console.log(`mitosis ${version}: installs and works on its own`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function run(program, args, env) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: home, env, encoding: 'utf8', ...USER });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${status ?? error}:\n${stdout}${stderr}`);
}
