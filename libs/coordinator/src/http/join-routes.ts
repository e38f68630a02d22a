import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Router, type Response } from 'express';
import type { DataSource } from 'typeorm';
import { hashSecret } from '../auth/secrets.js';
import { JOIN_SCRIPT } from '../workers/join-script.js';

/** What a machine needs that becomes a worker, as files of this coordinator. */
export interface JoinFiles {
  /** Names this build: letters, digits, dots and hyphens. */
  readonly build: string;
  /** The package of this build; made when it is asked for first. */
  packageFile(): Promise<string>;
  /** The Node.js that runs here, and where it runs: system, processor and libc, as `linux-x86_64-glibc`. */
  readonly node: { readonly file: string; readonly platform: string };
}

export interface JoinRouteDeps {
  readonly dataSource: DataSource;
  /** Undefined where this program is not a package, in a clone that was not built. */
  readonly files: JoinFiles | undefined;
}

const NODE_ADVICE =
  'install Node.js 20.19 or later there (the package nodejs of the system, or from nodejs.org) and paste the line ' +
  'again';
const CODE_ADVICE = 'make a new line with "mito workers enroll"';

/** The script of the join line, and what it fetches: responses are text for a person at a shell. */
export function joinRoutes({ dataSource, files }: JoinRouteDeps): Router {
  const routes = Router();
  routes.get('/join', (_req, res) => void res.type('text/plain').send(JOIN_SCRIPT));
  routes.use('/join', async (req, res, next) => {
    const refusal = await codeRefusal(dataSource, req.get('X-Enrolment') ?? '');
    if (refusal !== undefined) return answer(res, 403, refusal);
    if (!files) return answer(res, 503, 'this coordinator has no package to serve; build it, or install its package');
    next();
  });
  routes.get('/join/build', (_req, res) => answer(res, 200, files?.build ?? ''));
  routes.get('/join/package.tgz', async (_req, res) => sendFile(res, await files?.packageFile()));
  routes.get('/join/node/:platform', async (req, res) => {
    if (req.params.platform === files?.node.platform) return sendFile(res, files.node.file);
    answer(
      res,
      404,
      `the coordinator's Node.js is for ${files?.node.platform}, this machine is ${req.params.platform}: ` +
        `${NODE_ADVICE}`,
    );
  });
  return routes;
}

/** Why a code opens nothing; undefined for one that has not ended. One that is spent lets its machine come back. */
async function codeRefusal(dataSource: DataSource, code: string): Promise<string | undefined> {
  if (code === '') return `there is no enrolment code in this request: ${CODE_ADVICE}`;
  const [found] = (await dataSource.query(
    `SELECT revoked_at IS NOT NULL AS is_revoked, expires_at <= clock_timestamp() AS is_expired
     FROM enrolments WHERE code_hash = $1`,
    [hashSecret(code)],
  )) as { is_revoked: boolean; is_expired: boolean }[];
  if (!found) return `this coordinator does not know this enrolment code: ${CODE_ADVICE}`;
  if (found.is_revoked) return `this enrolment code was revoked: ${CODE_ADVICE}`;
  return found.is_expired ? `this enrolment code has expired: ${CODE_ADVICE}` : undefined;
}

function answer(res: Response, status: number, text: string): void {
  res.status(status).type('text/plain').send(text);
}

async function sendFile(res: Response, file: string | undefined): Promise<void> {
  if (file === undefined) return answer(res, 503, 'this coordinator has no package to serve');
  const { size } = await stat(file);
  res.type('application/octet-stream').set('Content-Length', String(size));
  await pipeline(createReadStream(file), res);
}
