import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { cutText, invalidField } from '@mitosis/domain';

export interface DeployLine {
  readonly address: string;
  readonly pin: string;
  readonly code: string;
  /** Options of `mito join`. */
  readonly options: readonly string[];
}

export interface Deployed {
  readonly host: string;
  readonly ok: boolean;
  /** What the other side said at last: how the worker runs, or why it does not. */
  readonly said: string;
}

const SSH = ['-T', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20'];
const SAID_MAX = 300;

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Throws `invalid_request` for what is not a host: ssh would take it for an option or a command. */
export function assertHosts(hosts: readonly string[]): void {
  const wrong = hosts.find((host) => !/^[A-Za-z0-9_][A-Za-z0-9_.:@-]*$/.test(host));
  if (wrong !== undefined) throw invalidField('host', `"${wrong}" is not a host: write NAME or USER@NAME`);
}

/** What a host runs to join: the code comes by its standard input, where other users of the host do not see it. */
export function joinCommands({ address, pin, code, options }: DeployLine): string {
  const how = 'if [ -d /run/systemd/system ]; then how=--service; else how=--background; fi';
  const argv = [address, pin, ...options].map(quoted).join(' ');
  const fetch = `curl -kfsS --pinnedpubkey ${quoted(pin)} -o "$file" ${quoted(`${address}/join`)}`;
  return [
    `MITO_ENROLL=${quoted(code)}`,
    'export MITO_ENROLL',
    how,
    'file=$(mktemp) || exit 1',
    `${fetch} && sh "$file" ${argv} "$how"`,
    'status=$?',
    'rm -f "$file"',
    'exit $status',
    '',
  ].join('\n');
}

export const REMOVE_COMMANDS = [
  'base=$(printenv XDG_DATA_HOME || echo "$HOME/.local/share")/mitosis-worker',
  'if [ ! -x "$base/mito" ]; then echo "no worker has joined from here"; exit 0; fi',
  'exec "$base/mito" join --remove </dev/null',
  '',
].join('\n');

/** Runs commands on a host over the system's ssh, which reads the person's own configuration. */
export async function runOn(host: string, commands: string, signal?: AbortSignal): Promise<Deployed> {
  const child = spawn('ssh', [...SSH, '--', host, 'sh'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const ended = once(child, 'close').then(
    () => undefined,
    (error: Error) => error.message,
  );
  child.stdin.on('error', () => undefined).end(commands);
  const [out, err, failure] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const ok = child.exitCode === 0;
  const said = failure ?? lastLine(ok ? out : err) ?? lastLine(out) ?? `ssh ended with ${child.exitCode}`;
  return { host, ok, said: cutText(said.replace(/^mito: /, ''), SAID_MAX) };
}

const lastLine = (output: string): string | undefined => {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => line.startsWith('mito: ')) ?? lines.at(-1);
};
