import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scope } from '@mitosis/testing';
import { serveHandler } from '../conformance/serve-handler.js';
import type { Subject } from '../conformance/subject.js';
import { createObjectStore } from '../create-object-store.js';

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
    origin: await serveHandler(scope, store.handler, bugs),
    temporaries: () => readdir(join(dir, 'temp')),
  };
}
