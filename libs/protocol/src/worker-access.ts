import { z } from 'zod';
import { WANTED_STATES } from '@mitosis/domain';
import { CommaSeparated, PageSize } from './conditions.js';
import { Labels, Name, Tags, Timestamp, Uuid } from './fields.js';
import { RoleName, WorkerRolesByName } from './groups.js';
import { EnforcesView, OfferView } from './offers.js';
import { RegisterWorker, WorkerIdentity, WorkerName } from './workers.js';

/** A worker as people with `read` on it see it. */
export const WorkerView = z.object({
  uuid: Uuid,
  creator: z.string(),
  state: z.enum(['active', 'gone']),
  wanted: z.enum(WANTED_STATES),
  /** Its last heartbeat is not older than three of their intervals. */
  is_alive: z.boolean(),
  /** Why it can't work, as it says itself; null when it can. */
  trouble: z.string().nullable(),
  trouble_since: Timestamp.nullable(),
  name: z.string().default(''),
  hostname: z.string(),
  version: z.string(),
  /** How tasks reach it: over its connection to a coordinator, or from the queue server. */
  connection: z.enum(['coordinator', 'direct']).default('coordinator'),
  /** What it runs, of groups that the caller is a member of, the first hundred. */
  tasks: z.array(z.object({ task: Uuid, attempt: z.int(), name: z.string().nullable() })).default([]),
  slots: z.int(),
  running: z.int(),
  /** What it offers of its machine; null when it has not said it. */
  offer: OfferView.nullable().default(null),
  /** How limits are kept there. */
  enforces: EnforcesView.nullable().default(null),
  tags: z.array(z.string()),
  /** Which tasks it takes by their tags; null: all as long as it has no tags. */
  takes: z.enum(['any', 'only_tagged']).nullable().default(null),
  labels: z.array(z.string()),
  /** Groups with their roles on the worker: all of them for those who manage it, otherwise the caller's own. */
  groups: z.record(z.string(), RoleName),
  registered_at: Timestamp,
  last_seen_at: Timestamp,
});
export type WorkerView = z.output<typeof WorkerView>;

/** The query string of `GET /workers`; tags and labels mean "has all of these". */
export const WorkerQuery = z.strictObject({
  name: WorkerName.optional(),
  group: Name.optional(),
  creator: Name.optional(),
  role: CommaSeparated(RoleName).optional(),
  tags: CommaSeparated(z.string()).optional(),
  labels: CommaSeparated(z.string()).optional(),
  /** Also those that are gone. */
  all: z.enum(['true', 'false']).default('false'),
  limit: PageSize(),
  after: Uuid.optional(),
});
export type WorkerQuery = z.output<typeof WorkerQuery>;
export const WorkerPage = z.object({ workers: z.array(WorkerView), next: z.string().nullable() });
export type WorkerPage = z.output<typeof WorkerPage>;

/** The body of `PATCH /workers/:uuid`: lists are replaced. */
export const UpdateWorker = z.strictObject({ tags: Tags.optional(), labels: Labels.optional() });
export type UpdateWorker = z.output<typeof UpdateWorker>;

/** The body of `PUT /workers/:uuid/groups`: adds groups or changes their roles; others stay as they are. */
export const UpdateWorkerGroups = z.strictObject({ groups: WorkerRolesByName });

/** The body of `POST /enrolments`. */
export const CreateEnrolment = z.strictObject({
  /** Groups whose tasks its workers run; defaults to the caller's own. */
  groups: z.array(Name).min(1).max(64).optional(),
  tags: Tags.default([]),
  labels: Labels.default([]),
  uses: z.int().min(1).max(10_000).default(1),
  /** Up to 30 days. */
  expires_in_ms: z
    .int()
    .min(1000)
    .max(30 * 86_400_000)
    .default(3_600_000),
});
export type CreateEnrolment = z.output<typeof CreateEnrolment>;
export type CreateEnrolmentInput = z.input<typeof CreateEnrolment>;

export const EnrolmentView = z.object({
  uuid: Uuid,
  groups: z.array(z.string()),
  tags: z.array(z.string()),
  labels: z.array(z.string()),
  uses: z.int(),
  uses_max: z.int(),
  created_at: Timestamp,
  expires_at: Timestamp,
});
export type EnrolmentView = z.output<typeof EnrolmentView>;

/** What is answered once, when a code is made. */
export const CreatedEnrolment = EnrolmentView.extend({
  code: z.string(),
  /** Where workers on other machines reach the coordinator, when it knows. */
  address: z.string().optional(),
  /** The key that they find there: `sha256//` and the SHA-256 of the public key in base64. */
  pin: z.string().optional(),
});
export type CreatedEnrolment = z.output<typeof CreatedEnrolment>;
export const EnrolmentList = z.object({ enrolments: z.array(EnrolmentView) });

/**
 * The body of `POST /workers/enroll`: tags and labels are added
 * to those of the code. The same `request` gets the same worker.
 */
export const EnrollWorker = RegisterWorker.omit({ groups: true }).extend({
  code: z.string().min(1).max(128),
  request: Uuid,
});
export type EnrollWorker = z.output<typeof EnrollWorker>;
export type EnrollWorkerInput = z.input<typeof EnrollWorker>;

/** The body of `POST /workers/resume`: a worker that was registered before starts again. */
export const ResumeWorker = RegisterWorker.omit({ groups: true }).extend({ identity: WorkerIdentity });
export type ResumeWorker = z.output<typeof ResumeWorker>;
export type ResumeWorkerInput = z.input<typeof ResumeWorker>;
