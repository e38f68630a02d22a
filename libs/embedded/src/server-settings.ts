/** For one machine that runs everything: small, durable, quick on many short transactions. */
const DURABLE: Readonly<Record<string, string>> = {
  max_connections: '200',
  shared_buffers: '128MB',
  wal_compression: 'on',
  max_wal_size: '1GB',
  min_wal_size: '80MB',
  checkpoint_completion_target: '0.9',
  max_wal_senders: '2',
  // Planning with the compiler costs more than our short queries run.
  jit: 'off',
  // Queue tables turn over quickly; the default cleans them too late.
  autovacuum_naptime: '15s',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_analyze_scale_factor: '0.05',
  idle_in_transaction_session_timeout: '5min',
  tcp_keepalives_idle: '30',
};

/** For tests: what is lost with the machine may be lost. */
const EPHEMERAL: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
};

const LOGGING: Readonly<Record<string, string>> = {
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m [%p] %a ',
  log_timezone: 'UTC',
};

/** Settings nobody may override: reachable from this machine only, by password only. */
function fixed(port: number): Readonly<Record<string, string>> {
  return { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
}

/** Command-line arguments of the server for these settings. */
export function serverArguments(options: {
  readonly port: number;
  readonly ephemeral: boolean;
  readonly settings: Readonly<Record<string, string>>;
}): string[] {
  const { port, ephemeral, settings } = options;
  const all = { ...DURABLE, ...(ephemeral ? EPHEMERAL : {}), timezone: 'UTC', ...settings, ...LOGGING, ...fixed(port) };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
