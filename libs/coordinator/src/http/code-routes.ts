import { promisify } from 'node:util';
import express, { type Request } from 'express';
import { invalidField } from '@mitosis/domain';
import { CODE_LIMITS, operations } from '@mitosis/protocol';
import type { CodeLibrary } from '../code/code-library.js';
import type { ApiRouter } from './api-router.js';

export interface CodeRouteDeps {
  readonly code: CodeLibrary;
}

const readRaw = promisify(express.raw({ type: () => true, limit: CODE_LIMITS.sentBytes, inflate: false }));

/** The body as bytes, read only after the caller is known. */
async function packBody(req: Request): Promise<Uint8Array> {
  await readRaw(req, req.res as NonNullable<typeof req.res>);
  const body: unknown = req.body;
  if (!(body instanceof Uint8Array)) throw invalidField('body', 'send the pack as application/gzip');
  return body;
}

/** Folders of code that tasks start in. */
export function codeRoutes(api: ApiRouter, { code }: CodeRouteDeps): void {
  const ops = operations.code;
  api.mount(ops.offer, async ({ actor, body }) => ({ missing: await code.offer(actor, body) }));
  // The body is the pack itself, no JSON.
  api.mountRaw(ops.storePack, async ({ actor, params, query, req, res }) => {
    await code.storePack(actor, params.sha256, await packBody(req), query.group);
    res.status(204).end();
  });
  api.mount(ops.ofTask, ({ actor, params }) => code.ofTask(actor, params.uuid));
}
