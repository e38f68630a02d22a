import { execFile } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Scope } from '@mitosis/testing';

const run = promisify(execFile);
const ip = async (...args: string[]): Promise<void> => void (await run('ip', args));

/** One namespace with a network of its own, joined to the others by the bridge. */
export interface Host {
  readonly address: string;
  /** What to put before a command to run it there. */
  readonly via: readonly string[];
  /** Pulls its cable, and puts it back. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** Some machines on one machine: namespaces joined by a bridge, and relays to servers of the outer one. */
export interface Network {
  readonly hosts: readonly Host[];
  /** The address under which the hosts reach a server on 127.0.0.1:`port` of the outer machine. */
  relay(port: number): Promise<string>;
  /** An address from which connections go to the servers in turn, past those that refuse them. */
  balance(servers: readonly Server[]): Promise<string>;
}

export interface Server {
  readonly host: string;
  readonly port: number;
}

let networks = 0;

/** Needs root on Linux. Everything is removed when `scope` ends. */
export async function createNetwork(scope: Scope, count: number): Promise<Network> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('this test makes network namespaces: run it as root on Linux (sudo npm test -- e2e)');
  networks += 1;
  const id = `${process.pid.toString(36)}${networks}`;
  const third = (process.pid + networks) % 250;
  const bridge = `mb${id}`;
  await ip('link', 'add', bridge, 'type', 'bridge');
  scope.teardown(() => ip('link', 'del', bridge));
  await ip('addr', 'add', `10.213.${third}.1/24`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  const hosts: Host[] = [];
  for (let index = 1; index <= count; index += 1)
    hosts.push(await addHost(scope, { bridge, id, index, address: `10.213.${third}.${10 + index}` }));
  return {
    hosts,
    relay: (port) => relay(scope, { host: `10.213.${third}.1`, port }, [{ host: '127.0.0.1', port }]),
    balance: (servers) => relay(scope, { host: `10.213.${third}.1`, port: 0 }, servers),
  };
}

interface NewHost {
  readonly bridge: string;
  readonly id: string;
  readonly index: number;
  readonly address: string;
}

async function addHost(scope: Scope, { bridge, id, index, address }: NewHost): Promise<Host> {
  const [name, cable] = [`mito-${id}-${index}`, `mv${id}x${index}`];
  await ip('netns', 'add', name);
  scope.teardown(() => ip('netns', 'del', name));
  await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  await ip('link', 'set', cable, 'master', bridge, 'up');
  await ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  await ip('-n', name, 'link', 'set', 'eth0', 'up');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    address,
    via: ['ip', 'netns', 'exec', name],
    cut: () => ip('link', 'set', cable, 'down'),
    mend: () => ip('link', 'set', cable, 'up'),
  };
}

async function relay(scope: Scope, at: Server, servers: readonly Server[]): Promise<string> {
  const open = new Set<Socket>();
  let turn = 0;
  const join = (inner: Socket, left: readonly Server[]): void => {
    const [next, ...rest] = left;
    if (!next) return void inner.destroy();
    const outer = connect(next.port, next.host);
    let isConnected = false;
    outer.once('connect', () => {
      isConnected = true;
      inner.pipe(outer).pipe(inner);
    });
    outer.once('error', () => (isConnected ? inner.destroy() : join(inner, rest)));
    outer.once('close', () => isConnected && inner.destroy());
    inner.once('close', () => outer.destroy());
  };
  const server = createServer((inner) => {
    open.add(inner.once('close', () => open.delete(inner)));
    inner.on('error', () => inner.destroy());
    turn += 1;
    join(
      inner,
      servers.map((_, index) => servers[(index + turn) % servers.length] as Server),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at.port, at.host, resolve));
  scope.teardown(async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  });
  return `${at.host}:${(server.address() as AddressInfo).port}`;
}
