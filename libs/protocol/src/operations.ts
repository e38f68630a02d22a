import { AUTH_OPERATIONS } from './operations/auth-operations.js';
import { FILE_OPERATIONS } from './operations/file-operations.js';
import { GROUP_OPERATIONS } from './operations/group-operations.js';
import { JOB_OPERATIONS } from './operations/job-operations.js';
import type { Operation } from './operations/operation.js';
import { PROGRAM_OPERATIONS } from './operations/program-operations.js';
import { SERVICE_OPERATIONS } from './operations/service-operations.js';
import { TASK_OPERATIONS } from './operations/task-operations.js';
import { USER_OPERATIONS } from './operations/user-operations.js';
import { WORKER_OPERATIONS } from './operations/worker-operations.js';

/**
 * Every route of the coordinator, one entry each; a test compares it with what is mounted, so that
 * no route is without a row in the matrix of access and a place in the reference.
 */
export const OPERATIONS: readonly Operation[] = [
  ...SERVICE_OPERATIONS,
  ...AUTH_OPERATIONS,
  ...USER_OPERATIONS,
  ...GROUP_OPERATIONS,
  ...TASK_OPERATIONS,
  ...JOB_OPERATIONS,
  ...FILE_OPERATIONS,
  ...PROGRAM_OPERATIONS,
  ...WORKER_OPERATIONS,
];
