import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '@mitosis/testing';
import type { SignedRequestHandler } from '../object-store.js';

/**
 * Serves signed requests with a real HTTP server until `scope` ends, and returns its origin. What the
 * handler rejects with is a bug: it is added to `bugs`, and fails the teardown.
 */
export async function serveHandler(
  scope: Scope,
  handler: SignedRequestHandler | undefined,
  bugs: unknown[] = [],
): Promise<string> {
  const server = createServer((req, res) => {
    handler?.(req, res).catch((error: unknown) => {
      bugs.push(error);
      res.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.teardown(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    if (bugs.length > 0) throw new Error(`the handler rejected ${bugs.length} times`, { cause: bugs[0] });
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
