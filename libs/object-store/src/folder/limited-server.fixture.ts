import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createObjectStore } from '../create-object-store.js';

const [, , dir = ''] = process.argv;
const store = createObjectStore({ kind: 'folder', dir, signingKey: Buffer.alloc(32) });
await store.start();
const server = createServer((req, res) => void store.handler?.(req, res));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// Ends with the test, however that ends.
process.stdin.resume().once('end', () => process.exit());
const { url } = await store.signPut('big', { expiresInS: 60, sizeBytes: 4 * 2 ** 20 });
console.log(JSON.stringify({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, url }));
