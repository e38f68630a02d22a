import { z } from 'zod';

/** The body of `POST /tasks/:uuid/rerun`. */
export const Rerun = z.strictObject({
  /** Fields of a submission instead of those of the task; variables of `env` are added to its own. */
  changes: z.record(z.string(), z.unknown()).default({}),
});
export type Rerun = z.output<typeof Rerun>;

/** The body of `POST /jobs/:uuid/rerun`: the same for each of its tasks. */
export const JobRerun = Rerun;
