import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Where the system shows itself; a test puts a tree of files in its place. */
export interface HostPaths {
  readonly proc: string;
  readonly sys: string;
  readonly dev: string;
}

export const HOST: HostPaths = { proc: '/proc', sys: '/sys', dev: '/dev' };

/** A file of the system; undefined when it is not there, or not ours to read. */
export function readHostFile(...parts: readonly string[]): string | undefined {
  try {
    return readFileSync(path.join(...parts), 'utf8');
  } catch {
    return undefined;
  }
}

/** Names in a folder of the system; none when it is not there. */
export function listHostFolder(...parts: readonly string[]): string[] {
  try {
    return readdirSync(path.join(...parts));
  } catch {
    return [];
  }
}

/** True for a device file that is missing, since not every driver has one, and for one that may be used. */
export function mayUseDevice(file: string): boolean {
  if (!existsSync(file)) return true;
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
