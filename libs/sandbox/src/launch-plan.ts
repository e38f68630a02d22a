import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PAGE_BYTES, SANDBOX_MAXIMA } from './sandbox-request.js';

/** How the children are started, and what this machine could add to the protection. */
export interface LaunchPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** The children have a network namespace of their own, with nothing in it. */
  readonly hasOwnNetwork: boolean;
  /** The kernel ends a child with its parent; otherwise a deadline within the child does. */
  readonly diesWithParent: boolean;
}

const HEAP_MIB = 96;
const PROBE_TIMEOUT_MS = 5000;
/** Where util-linux is looked for; the children get nothing else of an environment either. */
export const CHILD_ENV = { PATH: '/usr/bin:/bin' };

const PDEATHSIG = ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--'];
const NETWORKS = [
  ['unshare', '--net', '--'],
  ['unshare', '--user', '--map-current-user', '--net', '--'],
];

const run = promisify(execFile);

async function works(wrapper: readonly string[]): Promise<boolean> {
  const [command = '', ...args] = [...wrapper, 'true'];
  return run(command, args, { env: CHILD_ENV, timeout: PROBE_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}

async function firstThatWorks(wrappers: readonly (readonly string[])[]): Promise<readonly string[] | undefined> {
  for (const wrapper of wrappers) if (await works(wrapper)) return wrapper;
  return undefined;
}

/** Node's own restrictions: no files but the guest's own code, no processes, no threads, no add-ons. */
function nodeArgs(): string[] {
  const guest = join(dirname(fileURLToPath(import.meta.url)), 'guest');
  const isStable = process.allowedNodeEnvironmentFlags.has('--permission');
  return [
    isStable ? '--permission' : '--experimental-permission',
    `--allow-fs-read=${guest}`,
    '--no-warnings',
    `--max-old-space-size=${HEAP_MIB}`,
    `--wasm-max-mem-pages=${SANDBOX_MAXIMA.memoryLimitBytes / PAGE_BYTES}`,
    join(guest, 'main.js'),
  ];
}

/** Finds out what this machine offers. Where it offers less, the children are started without it. */
export async function planLaunch(): Promise<LaunchPlan> {
  const guard = await firstThatWorks([PDEATHSIG]);
  const network = await firstThatWorks(NETWORKS.map((wrapper) => [...wrapper, ...(guard ?? [])]));
  const [command = process.execPath, ...args] = [...(network ?? guard ?? []), process.execPath, ...nodeArgs()];
  return { command, args, hasOwnNetwork: network !== undefined, diesWithParent: guard !== undefined };
}
