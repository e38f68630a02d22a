import { z } from 'zod';
import { PageSize } from './conditions.js';
import { Name, PlainText, Timestamp, Uuid } from './fields.js';
import { AtOnce, MaxFails } from './jobs.js';
import { Notify } from './receivers.js';
import { After, TaskOfJob } from './tasks.js';

/** Tasks that one run of a schedule may have, in all its jobs. */
export const SCHEDULE_TASKS_MAX = 1000;

/** A job that a schedule makes at each of its times. */
export const ScheduledJob = z.strictObject({
  /** Known within the schedule. */
  key: PlainText(64),
  tasks: z.array(TaskOfJob).min(1).max(SCHEDULE_TASKS_MAX),
  /** Jobs of the same run, which stand before it. */
  after: z
    .array(z.strictObject({ key: PlainText(64), when: z.enum(['completed', 'ended', 'failed']).default('completed') }))
    .max(1000)
    .default([]),
  /** Tasks and jobs that are there. */
  after_other: z.array(After).max(1000).default([]),
  at_once: AtOnce.optional(),
  max_fails: MaxFails.optional(),
  /** Who is told of the job of each run. */
  notify: Notify.optional(),
});
export type ScheduledJob = z.output<typeof ScheduledJob>;

export const OVERLAPS = ['skip', 'queue', 'replace'] as const;
export const CATCH_UPS = ['none', 'last', 'all'] as const;

/** The body of `POST /schedules`. */
export const CreateSchedule = z
  .strictObject({
    group: Name.optional(),
    name: Name,
    /** Minute, hour, day of month, month, day of week. */
    cron: z.string().min(1).max(255),
    time_zone: z.string().min(1).max(64).default('UTC'),
    /** When the run before has not ended: leave this one out, let it wait, or end the one before. */
    overlap: z.enum(OVERLAPS).default('skip'),
    /** Which of the times that were missed are made up for. */
    catch_up: z.enum(CATCH_UPS).default('last'),
    jobs: z.array(ScheduledJob).min(1).max(100),
  })
  .refine(({ jobs }) => jobs.reduce((sum, { tasks }) => sum + tasks.length, 0) <= SCHEDULE_TASKS_MAX, {
    path: ['jobs'],
    message: `must not have more than ${SCHEDULE_TASKS_MAX} tasks together`,
  })
  .refine(({ overlap, catch_up: catchUp }) => overlap !== 'skip' || catchUp !== 'all', {
    path: ['catch_up'],
    message: '"all" contradicts overlap "skip": only the first would run; use overlap "queue"',
  });
export type CreateSchedule = z.output<typeof CreateSchedule>;
export type CreateScheduleInput = z.input<typeof CreateSchedule>;

/** One time of a schedule, and what became of it. */
export const ScheduleRun = z.object({
  due_at: Timestamp,
  outcome: z.enum(['ran', 'skipped']),
  /** Why it was left out, or what was special about it. */
  reason: z.string().nullable(),
  jobs: z.array(Uuid),
});

export const ScheduleView = z.object({
  uuid: Uuid,
  group: z.string(),
  creator: z.string(),
  name: z.string(),
  cron: z.string(),
  time_zone: z.string(),
  overlap: z.enum(OVERLAPS),
  catch_up: z.enum(CATCH_UPS),
  /** `stopped`: it could not continue, `message` says why. */
  state: z.enum(['active', 'paused', 'stopped']),
  message: z.string().nullable(),
  created_at: Timestamp,
  /** The next five times; none while it is not active. */
  next: z.array(Timestamp),
  /** The last twenty times, newest first. */
  runs: z.array(ScheduleRun),
});
export type ScheduleView = z.output<typeof ScheduleView>;

/** The query string of `GET /schedules`. */
export const ScheduleQuery = z.strictObject({
  group: Name.optional(),
  name: Name.optional(),
  limit: PageSize(),
  /** `next` of the page before: a UUID. */
  after: Uuid.optional(),
});
export type ScheduleQuery = z.output<typeof ScheduleQuery>;
export const SchedulePage = z.object({ schedules: z.array(ScheduleView), next: z.string().nullable() });
export type SchedulePage = z.output<typeof SchedulePage>;
