import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import { identityOf, runHashOf, type ExpandedJob } from '@mitosis/experiment';
import type { ApplyJobInput, KnownTasks } from '@mitosis/protocol';

export type KnownTask = KnownTasks['tasks'][number];
export type Wanted = ApplyJobInput['tasks'][number];

/** A job of a file beside what is stored of it. */
export interface ComparedJob {
  readonly job: ExpandedJob;
  /** Undefined when it was never applied. */
  readonly uuid: string | undefined;
  readonly created: readonly Wanted[];
  readonly unchanged: readonly Wanted[];
  /** Stored with the same parameters, and would now run something else. */
  readonly changed: readonly Wanted[];
  /** Stored, and in the file no more. */
  readonly orphaned: readonly KnownTask[];
  readonly known: readonly KnownTask[];
  /** Keys of inputs that the group does not have. */
  readonly missingInputs: readonly string[];
}

/** SHA-256 of the attachments by key; those that are not there are left out. */
async function hashInputs(api: MitosisClient, group: string, keys: readonly string[]): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const key of keys) {
    try {
      hashes.set(key, (await api.files.attachment(group, key)).sha256);
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind !== 'not-found') throw error;
    }
  }
  return hashes;
}

/** Which tasks of a job are new, changed or gone, as things are now. */
export async function compareJob(api: MitosisClient, group: string, job: ExpandedJob): Promise<ComparedJob> {
  const inputs = await hashInputs(api, group, job.inputs);
  const { job: uuid, tasks: known } = await api.experiments.tasks(group, job.name);
  const runs = new Map(known.map(({ identity, run }) => [identity, run]));
  const wanted = job.tasks.map((task) => ({ identity: identityOf(task), run: runHashOf(task, inputs), task }));
  const identities = new Set(wanted.map(({ identity }) => identity));
  return {
    job,
    uuid: uuid ?? undefined,
    created: wanted.filter(({ identity }) => !runs.has(identity)),
    unchanged: wanted.filter(({ identity, run }) => runs.get(identity) === run),
    changed: wanted.filter(({ identity, run }) => runs.has(identity) && runs.get(identity) !== run),
    orphaned: known.filter(({ identity }) => !identities.has(identity)),
    known,
    missingInputs: job.inputs.filter((key) => !inputs.has(key)),
  };
}
