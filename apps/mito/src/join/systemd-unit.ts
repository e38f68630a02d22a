import { execFile } from 'node:child_process';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { MitoError } from '@mitosis/domain';
import { EXIT_NOT_AUTHORIZED } from '../output/exit-codes.js';

export interface UnitPlace {
  /** A unit of the system, or of the user. */
  readonly isSystem: boolean;
  readonly folder: string;
}

export interface UnitFacts {
  /** The folder of the worker, with its launcher `run`. */
  readonly base: string;
  readonly coordinator: string;
  readonly isSystem: boolean;
}

export const UNIT = 'mitosis-worker.service';
/** Longer than the drain timeout of a worker and what follows it. */
const STOP_SECONDS = 150;

const run = promisify(execFile);

/** systemd replaces what follows a `%`; what follows a `$` only in the arguments of a command. */
const plain = (text: string): string => text.replaceAll('%', '%%');
const quoted = (text: string): string => `"${plain(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** The unit of a worker: started for ever, but not after it has ended by itself, and not after it was revoked. */
export function unitText({ base, coordinator, isSystem }: UnitFacts): string {
  return `# Written by "mito join".
[Unit]
Description=Mitosis worker of ${plain(coordinator)}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${quoted(path.join(base, 'run'))}
WorkingDirectory=${plain(base)}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=${EXIT_NOT_AUTHORIZED}
TimeoutStopSec=${STOP_SECONDS}
KillMode=mixed
OOMPolicy=continue

[Install]
WantedBy=${isSystem ? 'multi-user' : 'default'}.target
`;
}

/** Writes the unit and starts it, now and at each boot. Returns what the person has to do for that, if anything. */
export async function enableUnit(place: UnitPlace, text: string): Promise<string[]> {
  await assertSystemd();
  await mkdir(place.folder, { recursive: true });
  await writeFile(path.join(place.folder, UNIT), text, { mode: 0o644 });
  const remarks = place.isSystem ? [] : await linger();
  await systemctl(place, 'daemon-reload');
  await systemctl(place, 'enable', UNIT);
  await systemctl(place, 'restart', UNIT);
  return remarks;
}

/** Stops the unit, if there is one, and removes it. */
export async function removeUnit(place: UnitPlace): Promise<void> {
  const file = path.join(place.folder, UNIT);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  await systemctl(place, 'disable', '--now', UNIT);
  await rm(file, { force: true });
  await systemctl(place, 'daemon-reload');
}

async function assertSystemd(): Promise<void> {
  const isBooted = await stat('/run/systemd/system').then(
    () => true,
    () => false,
  );
  if (isBooted) return;
  throw new MitoError(
    'unsupported',
    'no_systemd',
    'this machine was not booted with systemd: use --background instead of --service',
  );
}

async function systemctl({ isSystem }: UnitPlace, ...argv: readonly string[]): Promise<void> {
  const env = { ...(!isSystem && { XDG_RUNTIME_DIR: `/run/user/${process.getuid?.()}` }), PATH: '/usr/bin:/bin' };
  try {
    await run('systemctl', [...(isSystem ? [] : ['--user']), ...argv], { env });
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? '').trim();
    const message = `systemctl ${argv.join(' ')} failed: ${said || (cause as Error).message}`;
    throw new MitoError('unavailable', 'unit_failed', message, { cause });
  }
}

/** A user's units end at the logout, unless the user lingers. */
async function linger(): Promise<string[]> {
  const { username } = userInfo();
  await run('loginctl', ['enable-linger', username]).catch(() => undefined);
  const lingers = await stat(path.join('/var/lib/systemd/linger', username)).then(
    () => true,
    () => false,
  );
  return lingers
    ? []
    : [`The worker ends when you log out. Once, as administrator: sudo loginctl enable-linger ${username}`];
}
