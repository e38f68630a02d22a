import { promisify } from 'node:util';
import express, { type Request } from 'express';
import { MitoError } from '@mitosis/domain';
import { operations, ProgramView } from '@mitosis/protocol';
import { PROGRAM_LIMIT_BYTES } from '@mitosis/sandbox';
import type { ProgramLibrary } from '../programs/program-library.js';
import type { ApiRouter } from './api-router.js';

export interface ProgramRouteDeps {
  readonly programs: ProgramLibrary;
}

const readRaw = promisify(express.raw({ type: 'application/wasm', limit: PROGRAM_LIMIT_BYTES, inflate: false }));

/** The body as bytes, read only after the caller is known. */
async function programBody(req: Request): Promise<Uint8Array> {
  await readRaw(req, req.res as NonNullable<typeof req.res>);
  const body: unknown = req.body;
  if (!(body instanceof Uint8Array)) {
    throw new MitoError('invalid', 'invalid_request', 'body: send the program as application/wasm', {
      details: { field: 'body' },
    });
  }
  return body;
}

export function programRoutes(api: ApiRouter, { programs }: ProgramRouteDeps): void {
  const ops = operations.programs;
  // The body is the program itself, no JSON.
  api.mountRaw(ops.upload, async ({ actor, query, req, res }) => {
    const program = await programs.upload(actor, await programBody(req), query);
    res.status(201).location(`/programs/${program.sha256}`).json(ProgramView.parse(program));
  });
  api.mount(ops.fromAttachment, ({ actor, body }) => programs.fromAttachment(actor, body));
  api.mount(ops.list, async ({ actor, query }) => ({ programs: await programs.list(actor, query.group) }));
  api.mount(ops.get, ({ actor, params, query }) => programs.get(actor, params.sha256, query.group));
  api.mount(ops.delete, ({ actor, params, query }) => programs.delete(actor, params.sha256, query.group));
}
