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

/** The query string of `GET /events`. */
export const EventQuery = z.strictObject({ group: Name.optional(), job: Uuid.optional(), task: Uuid.optional() });
export type EventQuery = z.output<typeof EventQuery>;
