import { z } from 'zod';
import { Uuid } from './fields.js';
import { TaskStateName } from './tasks.js';

/** A worker that the caller may see, and the first thing that keeps it from running the task now. */
export const WorkerExplanation = z.object({
  uuid: Uuid,
  hostname: z.string(),
  verdict: z.enum(['free', 'full', 'room', 'draining', 'unable', 'silent', 'needs', 'tags', 'kind', 'group']),
  /** For people: which tags are missing, how many slots are taken. */
  detail: z.string(),
  /** It takes the task although it does not have its tags: it has no tags, or takes any task. */
  is_untagged: z.boolean(),
});
export type WorkerExplanation = z.output<typeof WorkerExplanation>;

/** Why a task is not running; the answer of `GET /tasks/:uuid/explain`. */
export const TaskExplanation = z.object({
  uuid: Uuid,
  state: TaskStateName,
  /** One sentence that says what the task waits for. */
  summary: z.string(),
  /** Ready tasks of the same queue that come before it; null when it is not ready. */
  ahead: z.int().nullable(),
  /** Workers whose slots are of use to it, best first; the others after them. */
  workers: z.array(WorkerExplanation),
});
export type TaskExplanation = z.output<typeof TaskExplanation>;
