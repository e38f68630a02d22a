import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Scope } from '@mitosis/testing';
import type { Subject } from '../conformance/subject.js';
import { createObjectStore } from '../create-object-store.js';
import type { SignedRequestHandler } from '../object-store.js';

export interface FolderSubject extends Subject {
  readonly dir: string;
  /** Errors the handler rejected with: bugs. */
  readonly bugs: unknown[];
}

const HOUR_MS = 3600 * 1000;

/** A folder store in `dir`, served by a real HTTP server until `scope` ends. */
export async function folderSubject(scope: Scope, dir: string): Promise<FolderSubject> {
  const config = { kind: 'folder', dir, signingKey: randomBytes(32) } as const;
  const store = createObjectStore(config);
  await store.start();
  const bugs: unknown[] = [];
  return {
    dir,
    bugs,
    store,
    reopened: createObjectStore(config),
    late: createObjectStore({ ...config, now: () => new Date(Date.now() - HOUR_MS) }),
    origin: await serve(scope, store.handler, bugs),
    temporaries: () => readdir(join(dir, 'temp')),
  };
}

async function serve(scope: Scope, handler: SignedRequestHandler | undefined, bugs: unknown[]): Promise<string> {
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
