import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { MARK_NAME } from './launcher/mark.js';
import type { Scratch } from './scratch.js';
import { findStrays } from './stray-processes.js';
import { isErrno } from './system-error.js';

/** State of a socket that accepts connections, in /proc/net/tcp. */
const LISTEN = '0A';
/** 127.0.0.1 and all addresses, of IPv4, of IPv6, and as IPv6 writes those of IPv4. */
const REACHABLE = new Set([
  '0100007F',
  '00000000',
  '00000000000000000000000000000000',
  '0000000000000000FFFF00000100007F',
  '0000000000000000FFFF000000000000',
]);

/** The lines of /proc/net/tcp or tcp6 for sockets that accept connections to 127.0.0.1: port by inode. */
export function listeners(table: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state === LISTEN && REACHABLE.has(address)) found.set(inode, Number.parseInt(port, 16));
  }
  return found;
}

/** The inodes of the sockets that a process has open; undefined when it does not let us look. */
function socketsOf(pid: number): string[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(targetOf(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return [];
    if (isErrno(error, 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

/**
 * The ports at which processes of an attempt accept connections to 127.0.0.1, by number; `pids` are those that are
 * known. Undefined where that can't be told: not on Linux, and for processes that do not let us look.
 */
export function listeningPorts(pids: readonly number[], { execDir }: Pick<Scratch, 'execDir'>): number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  const ports = new Map(['tcp', 'tcp6'].flatMap((name) => [...listeners(tableOf(`/proc/net/${name}`))]));
  const all = new Set([...pids, ...findStrays({ environments: [`${MARK_NAME}=${execDir}\0`] })]);
  const sockets = [...all].map(socketsOf);
  if (sockets.includes(undefined)) return undefined;
  const own = sockets.flatMap((inodes) => inodes ?? []).flatMap((inode) => ports.get(inode) ?? []);
  return [...new Set(own)].sort((a, b) => a - b);
}

function tableOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    // Without IPv6.
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
