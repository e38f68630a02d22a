import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { MitoError, systemError } from '@mitosis/domain';

/** State of a listening socket in /proc/net/tcp (proc_net_tcp). */
const LISTENING = '0A';

/** The inodes of the sockets of this machine that listen on `port`. */
async function listeningSockets(port: number): Promise<Set<string>> {
  const tables = await Promise.all(
    // lossy: the kernel writes ASCII
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)));
  return new Set(
    rows.flatMap(([, local = '', , state, , , , , , inode = '']) =>
      state === LISTENING && local.endsWith(`:${hexPort}`) ? [inode] : [],
    ),
  );
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  // Of a process that has ended, or of somebody else, nothing can be read.
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.some((link) => sockets.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''));
}

/** The process that listens on `port`, as far as this one may see it; undefined also where there is no /proc. */
async function portHolder(port: number): Promise<number | undefined> {
  const sockets = await listeningSockets(port);
  if (sockets.size === 0) return undefined;
  for (const pid of await readdir('/proc').catch(() => []))
    if (/^\d+$/.test(pid) && (await holds(pid, sockets))) return Number(pid);
  return undefined;
}

/** Throws the error of {@link explainPort} when nobody can listen there now: before anything else is begun. */
export async function assertPortFree(host: string, port: number, option: string): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw await explainPort(systemError(error) ?? error, option);
  }
  server.close();
  await once(server, 'close');
}

/** An error about a port that is taken, with the option that chooses another one and the process that has it. */
export async function explainPort(error: unknown, option: string): Promise<unknown> {
  if (!(error instanceof MitoError) || error.code !== 'port_in_use') return error;
  const { port } = error.details;
  if (typeof port !== 'number') return error;
  const pid = await portHolder(port);
  const message =
    `Port ${port} is already in use. Choose another one with ${option}, ` +
    `or stop the process that uses it${pid === undefined ? '' : ` (PID ${pid})`}.`;
  return new MitoError('conflict', 'port_in_use', message, { cause: error, details: { port, pid } });
}
