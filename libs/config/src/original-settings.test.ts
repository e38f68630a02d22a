import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ClientConfig, CoordinatorConfig, loadSettings, WorkerConfig } from './index.js';

const SCHEMAS = { coordinator: CoordinatorConfig, worker: WorkerConfig, client: ClientConfig };
type Section = keyof typeof SCHEMAS;

/** The settings that a file with these lines, and these variables, say; what was noted goes to `notes`. */
function load(t: ExecutionContext, section: Section, lines: string, env = {}, notes: string[] = []): object {
  const cwd = mkdtempSync(path.join(tmpdir(), 'mito-original-'));
  t.teardown(() => rmSync(cwd, { recursive: true }));
  writeFileSync(path.join(cwd, 'config.toml'), `[${section}]\n${lines}\n`, { mode: 0o600 });
  const source = { cwd, env: { XDG_CONFIG_HOME: path.join(cwd, 'xdg'), ...env }, flags: {} };
  return loadSettings(section, SCHEMAS[section], { ...source, note: (text) => notes.push(text) });
}

const understood = test.macro({
  exec(t, section: Section, line: string, expected: object) {
    const meant = { ...load(t, section, ''), ...expected };
    t.deepEqual(load(t, section, line), meant);
    const [, name = '', value = ''] = /^(\w+) = "?(.*?)"?$/.exec(line) ?? [];
    t.deepEqual(load(t, section, '', { [`MITO_${name.toUpperCase()}`]: value }), meant, 'the same by its variable');
  },
  title: (_, section: Section, line: string) => `[${section}] ${line} is understood`,
});

test(understood, 'coordinator', 's3_url = "http://127.0.0.1:9000"', { s3: 'http://127.0.0.1:9000' });
test(understood, 'coordinator', 'artifacts_bucket = "mitosis-artifacts"', { s3_bucket: 'mitosis-artifacts' });
test(understood, 'coordinator', 'heartbeat_timeout = "600s"', { lease: 600_000 });
test(understood, 'coordinator', 'access_token_expires_in = "7d"', { access_token_expires_in: 604_800_000 });
test(understood, 'coordinator', 's3_force_path_style = false', { s3_force_path_style: false });
test(understood, 'coordinator', 'file_log = false', {});
test(understood, 'worker', 'shared_log = false', {});
test(understood, 'worker', 'credential_path = "/x"', { credential_path: '/x' });
test(understood, 'worker', 'lifetime = "7d"', { lifetime: 604_800_000 });

const refused = test.macro({
  exec(t, section: Section, line: string, advice: RegExp) {
    const name = line.split(' ')[0] as string;
    t.throws(() => load(t, section, line), { code: 'invalid_config', message: advice }, line);
    t.throws(() => load(t, section, line), { message: new RegExp(`^\\[${section}\\] ${name} of .*config.toml`) });
    const variable = `MITO_${name.toUpperCase()}`;
    t.throws(() => load(t, section, '', { [variable]: 'true' }), { message: new RegExp(`^${variable} of the env`) });
  },
  title: (_, section: Section, line: string, advice: RegExp) => `[${section}] ${line} is refused: ${advice.source}`,
});

test(refused, 'coordinator', 'attachments_bucket = "a"', /use s3_bucket/);
test(refused, 'coordinator', 'access_token_private_path = "private.pem"', /"keys" of state_dir/);
test(refused, 'coordinator', 'access_token_public_path = "public.pem"', /"keys" of state_dir/);
test(refused, 'coordinator', 'log_path = "/var/log/x"', /use --log-file/);
test(refused, 'coordinator', 'file_log = true', /use --file-log/);
test(refused, 'coordinator', 'file_log_level = "debug"', /use log_level/);
test(refused, 'worker', 'log_path = "/var/log/x"', /use --log-file/);
test(refused, 'worker', 'file_log = true', /use --file-log/);
test(refused, 'worker', 'shared_log = true', /use --shared-log/);

const noted = test.macro({
  exec(t, section: Section, line: string) {
    const notes: string[] = [];
    load(t, section, line, {}, notes);
    t.is(notes.length, 1);
    t.regex(notes[0] ?? '', new RegExp(`^mito: ${line.split(' ')[0]} of .*config.toml has no effect: \\w`));
  },
  title: (_, section: Section, line: string) => `[${section}] ${line} has no effect, and it says so`,
});

test(noted, 'coordinator', 'redis_worker_password = "x"');
test(noted, 'coordinator', 'redis_client_password = "x"');
test(noted, 'coordinator', 'redis_skip_acl_rules = true');
test(noted, 'worker', 'polling_interval = "3m"');
test(noted, 'worker', 'heartbeat_interval = "5m"');
test(noted, 'worker', 'retain = true');
test(noted, 'worker', 'skip_redis = true');
test(noted, 'client', 'retain = true');
