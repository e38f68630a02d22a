import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, GuardedChild } from '@mitosis/embedded';
import { eventually } from './eventually.js';
import { installed, isExecutable } from './installed.js';
import type { Scope } from './scope.js';

const run = promisify(execFile);

const PACKAGES = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached'] as const;
const ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
};
const READY_TIMEOUT_MS = 40_000;
const START_ATTEMPTS = 3;

/** What an S3 client needs to know (path style). */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Ends its processes and removes its files; idempotent. */
  stop(): Promise<void>;
}

/**
 * A real S3 server that checks signatures (OpenStack Swift with its S3 interface), empty, on free ports of
 * 127.0.0.1; stopped when `scope` ends, without a scope when this process ends. It is {@link installed} where it is
 * missing.
 */
export async function s3Server(scope?: Scope): Promise<S3Server> {
  await installS3();
  const server = await startSwift();
  scope?.teardown(async () => await server.stop());
  return server;
}

/** See {@link installed}. */
export async function installS3(): Promise<void> {
  await installed({ what: 'an S3 server', packages: PACKAGES, find: async () => (await areInstalled()) || undefined });
}

async function startSwift(): Promise<S3Server> {
  for (let attempt = 1; ; attempt++) {
    const swift = new Swift(await mkdtemp(join(tmpdir(), 'mito-s3-')), await freePorts());
    try {
      await swift.start();
      return swift;
    } catch (error) {
      await swift.stop();
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

type Ring = 'account' | 'container' | 'object';
const RINGS: readonly Ring[] = ['account', 'container', 'object'];

type Ports = Readonly<Record<Ring | 'proxy' | 'memcached', number>>;

/** One replica of everything: three storage servers, the proxy that speaks S3, and its cache. */
class Swift implements S3Server {
  readonly region = 'us-east-1';
  readonly accessKeyId = 'test:tester';
  readonly secretAccessKey = 'testing';
  private readonly children: GuardedChild[] = [];

  constructor(
    private readonly folder: string,
    private readonly ports: Ports,
  ) {}

  get endpoint(): string {
    return `http://127.0.0.1:${this.ports.proxy}`;
  }

  async start(): Promise<void> {
    await mkdir(join(this.folder, 'node', 'sda'), { recursive: true });
    for (const [name, text] of Object.entries(configFiles(this.folder, this.ports)))
      await writeFile(join(this.folder, name), text);
    await Promise.all(RINGS.map(async (ring) => await this.buildRing(ring)));
    const user = userInfo().username;
    await this.launch('memcached', [
      '-l',
      '127.0.0.1',
      '-p',
      String(this.ports.memcached),
      '-U',
      '0',
      '-m',
      '16',
      '-u',
      user,
    ]);
    for (const part of [...RINGS, 'proxy'])
      await this.launch(`swift-${part}-server`, [join(this.folder, `${part}.conf`)]);
    await eventually(async () => !this.isWhole() || (await this.isListening()), {
      timeoutMs: READY_TIMEOUT_MS,
      message: 'the S3 server did not listen on all its ports',
    });
    await this.assertWhole();
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map(async (child) => await child.stop()));
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async buildRing(ring: Ring): Promise<void> {
    const builder = join(this.folder, `${ring}.builder`);
    const device = `r1z1-127.0.0.1:${this.ports[ring]}/sda`;
    for (const step of [['create', '2', '1', '1'], ['add', device, '1'], ['rebalance']]) {
      await run('/usr/bin/swift-ring-builder', [builder, ...step], { env: ENV });
    }
  }

  private async launch(program: string, args: readonly string[]): Promise<void> {
    const child = await GuardedChild.spawn({
      command: [`/usr/bin/${program}`, ...args],
      cwd: this.folder,
      env: ENV,
      stopSignal: 'TERM',
      graceSeconds: 5,
      // Whichever ends last takes the folder along, should this process be killed.
      removeAfter: this.folder,
    });
    this.children.push(child);
  }

  private isWhole(): boolean {
    return this.children.every(({ running }) => running);
  }

  private async assertWhole(): Promise<void> {
    const dead = this.children.find(({ running }) => !running);
    if (dead) throw new Error(`a part of the S3 server ended before it was ready: ${(await dead.exited).stderr}`);
  }

  private async isListening(): Promise<boolean> {
    return (await Promise.all(Object.values(this.ports).map(accepts))).every(Boolean);
  }
}

async function freePorts(): Promise<Ports> {
  const [account = 0, container = 0, object = 0, proxy = 0, memcached = 0] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  return { account, container, object, proxy, memcached };
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

function configFiles(folder: string, ports: Ports): Record<string, string> {
  const server = (port: number): string =>
    `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${port}\nuser = ${userInfo().username}\nswift_dir = ` +
    `${folder}\nworkers = 0\n`;
  const storage = (ring: Ring): string =>
    `${server(ports[ring])}devices = ${folder}/node\nmount_check = false\nfallocate_reserve = ` +
    `0\ndisable_fallocate = true\n` +
    `[pipeline:main]\npipeline = ${ring}-server\n[app:${ring}-server]\nuse = egg:swift#${ring}\n`;
  return {
    'swift.conf':
      '[swift-hash]\nswift_hash_path_suffix = mito\nswift_hash_path_prefix = mito\n[storage-policy:0]\nname = ' +
      'gold\ndefault = yes\n',
    'account.conf': storage('account'),
    'container.conf': storage('container'),
    'object.conf': storage('object'),
    'proxy.conf': server(ports.proxy) + proxyConfig(ports.memcached),
  };
}

function proxyConfig(memcachedPort: number): string {
  const plain = ['catch_errors', 'listing_formats', 'copy', 'slo', 'dlo', 'symlink'];
  return [
    '[pipeline:main]',
    'pipeline = catch_errors cache listing_formats s3api tempauth copy slo dlo symlink proxy-server',
    '[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nallow_account_management = true',
    `[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:${memcachedPort}`,
    '[filter:s3api]\nuse = egg:swift#s3api\nlocation = us-east-1\ns3_acl = false\ncheck_bucket_owner = ' +
      'false\nmin_segment_size = 5242880',
    '[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin',
    ...plain.map((name) => `[filter:${name}]\nuse = egg:swift#${name}`),
    '',
  ].join('\n');
}

async function areInstalled(): Promise<boolean> {
  const programs = [
    'memcached',
    'swift-ring-builder',
    'swift-proxy-server',
    ...RINGS.map((ring) => `swift-${ring}-server`),
  ];
  return (await Promise.all(programs.map((program) => isExecutable(`/usr/bin/${program}`)))).every(Boolean);
}
