import type { MitosisClient, SubmittedJob } from '@mitosis/client';
import type { CreateJobInput } from '@mitosis/protocol';
import type { Writable } from 'node:stream';

/** Submits a job, with a progress bar on `stderr` when it takes more than one request. */
export async function submitJob(api: MitosisClient, job: Omit<CreateJobInput, 'is_open'>, stderr: Writable | undefined): Promise<SubmittedJob> {
  const { startProgress } = await import('./progress.js');
  const bar = stderr && job.tasks.length > 1_000 ? startProgress(stderr, 'submitting', job.tasks.length) : undefined;
  try {
    return await api.jobs.submit(job, { onProgress: (stored) => bar?.update(stored) });
  } finally {
    bar?.stop();
  }
}
