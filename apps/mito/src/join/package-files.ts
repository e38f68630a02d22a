import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '@mitosis/domain';

/** The package that this program was started from, or, from a clone, the one that was built there. */
function packageFolder(): string | undefined {
  const places = [
    path.dirname(path.dirname(process.argv[1] ?? '')),
    fileURLToPath(new URL('../../../../dist/mito', import.meta.url)),
  ];
  return places.find((place) => existsSync(path.join(place, 'files.json')));
}

/** What a machine that joins fetches from a coordinator: its build, its package, its Node.js. */
export interface PackageFiles {
  readonly build: string;
  packageFile(): Promise<string>;
  readonly node: { readonly file: string; readonly platform: string };
}

/**
 * The files of this program for others; the package is packed in
 * `cache` when it is asked for first. Undefined where there is none.
 */
export function packageFiles(cache: string): PackageFiles | undefined {
  const folder = packageFolder();
  if (folder === undefined) return undefined;
  let packed: { readonly build: string; readonly file: Promise<string> } | undefined;
  return {
    // Read each time: a clone may be built while a coordinator runs from it.
    get build() {
      return contentOf(folder).build;
    },
    packageFile: () => {
      const { build, files } = contentOf(folder);
      if (packed?.build !== build)
        packed = { build, file: pack(folder, files, path.join(cache, `mitosis-${build}.tgz`)) };
      packed.file.catch(() => (packed = undefined));
      return packed.file;
    },
    node: { file: process.execPath, platform: ownPlatform() },
  };
}

function contentOf(folder: string): { readonly build: string; readonly files: readonly string[] } {
  // lossy: written by the build
  const files = JSON.parse(readFileSync(path.join(folder, 'files.json'), 'utf8')) as string[];
  const start = files.find((file) => file.startsWith('lib/start-')) ?? '';
  return { files, build: `${VERSION}-${path.basename(start, '.js').replace('start-', '').replaceAll('_', '.')}` };
}

async function pack(folder: string, files: readonly string[], target: string): Promise<string> {
  const isThere = await stat(target).then(
    () => true,
    () => false,
  );
  if (isThere) return target;
  const { packFolder } = await import('@mitosis/executor');
  const wanted = new Set(files.flatMap((file) => [file, ...foldersOf(file)]));
  const draft = `${target}.${process.pid}`;
  await rm(path.dirname(target), { recursive: true, force: true });
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  const leaveOut = (file: string): string | undefined => (wanted.has(file) ? undefined : 'it belongs to another build');
  await packFolder(folder, draft, { prefix: 'package', leaveOut });
  await rename(draft, target);
  return target;
}

function foldersOf(file: string): string[] {
  const names = file.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

const PROCESSORS: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: process.platform === 'darwin' ? 'arm64' : 'aarch64',
};

/** As the join script finds it by `uname` and the loader. */
function ownPlatform(): string {
  const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
  const libc = process.platform === 'linux' && header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return `${process.platform}-${PROCESSORS[process.arch] ?? process.arch}-${libc}`;
}
