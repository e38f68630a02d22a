import { z } from 'zod';
import { isBlank, isStorableText } from '@mitosis/domain';
import { GivenText, PageCursor, PageSize } from './conditions.js';
import { LIMITS, Name, PlainText, Sha256, StoredParams, UNSTORABLE, Uuid } from './fields.js';
import { AtOnce, MaxFails } from './jobs.js';
import { Notify } from './receivers.js';
import { TaskOfJob, TaskStateName } from './tasks.js';

/** The file that describes an experiment, as it was written. */
export const ExperimentText = z.strictObject({
  format: z.enum(['toml', 'yaml']),
  text: z
    .string()
    .max(4 * 1024 * 1024)
    .refine(isStorableText, UNSTORABLE),
});
export type ExperimentText = z.output<typeof ExperimentText>;

/** A task of a job that is known by its name: which of its tasks it is, and what it runs, both as hashes. */
export const ApplyTask = z.strictObject({ identity: Sha256, run: Sha256, task: TaskOfJob });

/** The body of `POST /experiments`: stores the tasks of a job that are not there. Repeating it changes nothing. */
export const ApplyJob = z.strictObject({
  /** Defaults to the caller's own. */
  group: Name.optional(),
  /** The job is known by it in its group. */
  name: PlainText(255).refine((name) => !isBlank(name), 'must have a visible character'),
  tasks: z.array(ApplyTask).max(LIMITS.batchTasks),
  /** Run tasks again that ended and now would run something else. */
  rerun_changed: z.boolean().default(false),
  /** False: more tasks come in another request, and the job stays open until then. */
  is_last: z.boolean().default(true),
  definition: ExperimentText.optional(),
  /** Limits of the job, as in `PATCH /jobs/:uuid`. */
  at_once: AtOnce.nullable().optional(),
  max_fails: MaxFails.nullable().optional(),
  /** Who is told of the job; instead of what an earlier request said. */
  notify: Notify.optional(),
});
export type ApplyJob = z.output<typeof ApplyJob>;
export type ApplyJobInput = z.input<typeof ApplyJob>;

/**
 * What became of a task: `created`, `unchanged`, `changed` (it was stored before and runs something else; nothing
 * was done), `rerun` (a new task took its place), or `busy` (it is to be run again, and the old one has not ended).
 */
export const APPLY_OUTCOMES = ['created', 'unchanged', 'changed', 'rerun', 'busy'] as const;

export const AppliedJob = z.object({
  uuid: Uuid,
  tasks: z.array(z.object({ identity: z.string(), uuid: Uuid, outcome: z.enum(APPLY_OUTCOMES) })),
});
export type AppliedJob = z.output<typeof AppliedJob>;

/** The query string of `GET /groups/:name/experiment-tasks`. */
export const KnownTasksQuery = z.strictObject({
  experiment: GivenText(),
  limit: PageSize(),
  after: PageCursor.optional(),
});
export type KnownTasksQuery = z.output<typeof KnownTasksQuery>;

/** The tasks that a job has from its file; `job` is null when no file with this name was applied. */
export const KnownTasks = z.object({
  job: Uuid.nullable(),
  tasks: z.array(
    z.object({
      identity: z.string(),
      run: z.string(),
      task: Uuid,
      index: z.int(),
      state: TaskStateName,
      params: StoredParams,
      /** Of its last attempt, when it completed. */
      wall_ms: z.number().nullable(),
    }),
  ),
  next: z.string().nullable(),
});
export type KnownTasks = z.output<typeof KnownTasks>;
