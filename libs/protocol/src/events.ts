import { z } from 'zod';
import { Name, Uuid } from './fields.js';
import { TaskStateName } from './tasks.js';

/** An event of `GET /events`: a task of a group that the caller may see has changed. */
export const TaskChanged = z.object({
  task: Uuid,
  group: z.string(),
  job: Uuid.nullable(),
  state: TaskStateName,
  progress: z.number().nullable(),
  message: z.string().nullable(),
});
export type TaskChanged = z.output<typeof TaskChanged>;

/** Another event of `GET /events`: something has happened to a job as a whole. The end of one may be told twice. */
export const JobChanged = z.object({
  job: Uuid,
  group: z.string(),
  change: z.enum(['created', 'ended', 'suspended', 'resumed']),
  state: TaskStateName,
});
export type JobChanged = z.output<typeof JobChanged>;

/** Another event of `GET /events`: new tasks of a group no longer start, or start again. */
export const GroupChanged = z.object({ group: z.string(), change: z.enum(['suspended', 'resumed']) });
export type GroupChanged = z.output<typeof GroupChanged>;

/** The query string of `GET /events`. */
export const EventQuery = z.strictObject({ group: Name.optional(), job: Uuid.optional(), task: Uuid.optional() });
export type EventQuery = z.output<typeof EventQuery>;
