import { promisify } from 'node:util';
import express, { Router, type Request } from 'express';
import { invalidField, MitoError } from '@mitosis/domain';
import { ProgramFromAttachment, ProgramList, ProgramQuery, ProgramView, UploadProgram } from '@mitosis/protocol';
import { PROGRAM_LIMIT_BYTES } from '@mitosis/sandbox';
import type { Authenticator } from '../auth/authenticator.js';
import type { ProgramLibrary } from '../programs/program-library.js';

export interface ProgramRouteDeps {
  readonly authenticator: Authenticator;
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

function sha256Param(req: Request): string {
  const { sha256 } = req.params;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    throw invalidField('sha256', 'use 64 lower case hexadecimal digits');
  return sha256;
}

export function programRoutes({ authenticator, programs }: ProgramRouteDeps): Router {
  const routes = Router();
  routes.post('/programs', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const query = UploadProgram.parse(req.query);
    const program = await programs.upload(actor, await programBody(req), query);
    res.status(201).location(`/programs/${program.sha256}`).json(ProgramView.parse(program));
  });
  routes.post('/programs/from-attachment', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const program = await programs.fromAttachment(actor, ProgramFromAttachment.parse(req.body));
    res.status(201).location(`/programs/${program.sha256}`).json(ProgramView.parse(program));
  });
  routes.get('/programs', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { group } = ProgramQuery.parse(req.query);
    res.json(ProgramList.parse({ programs: await programs.list(actor, group) }));
  });
  routes.get('/programs/:sha256', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { group } = ProgramQuery.parse(req.query);
    res.json(ProgramView.parse(await programs.get(actor, sha256Param(req), group)));
  });
  routes.delete('/programs/:sha256', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { group } = ProgramQuery.parse(req.query);
    await programs.delete(actor, sha256Param(req), group);
    res.status(204).end();
  });
  return routes;
}
