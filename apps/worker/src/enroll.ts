import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { enrollWorker } from '@mitosis/client';
import type { EnrollWorkerInput, WorkerRegistration } from '@mitosis/protocol';

/**
 * The id of the request that uses a code, the same for each start in this folder: a crash does not cost another use.
 */
async function requestIdOf(workDir: string, code: string): Promise<string> {
  const file = path.join(workDir, 'enrolment.json');
  const key = createHash('sha256').update(code).digest('hex');
  const known = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as { code?: string; request?: string },
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return {} as { code?: string; request?: string };
    },
  );
  if (known.code === key && known.request !== undefined) return known.request;
  const request = randomUUID();
  await writeFile(file, JSON.stringify({ code: key, request }), { mode: 0o600, flush: true });
  return request;
}

/** Registers with an enrolment code; no password is needed. */
export async function enroll(
  url: string,
  code: string,
  { workDir, ...worker }: Omit<EnrollWorkerInput, 'code' | 'request'> & { readonly workDir: string },
): Promise<WorkerRegistration> {
  return enrollWorker(url, { ...worker, code, request: await requestIdOf(workDir, code) });
}
