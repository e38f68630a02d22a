import { authOperations } from './operations/auth-operations.js';
import { codeOperations } from './operations/code-operations.js';
import { experimentOperations } from './operations/experiment-operations.js';
import { fileOperations } from './operations/file-operations.js';
import { groupOperations } from './operations/group-operations.js';
import { jobOperations } from './operations/job-operations.js';
import type { Operation } from './operations/operation.js';
import { programOperations } from './operations/program-operations.js';
import { receiverOperations } from './operations/receiver-operations.js';
import { scheduleOperations } from './operations/schedule-operations.js';
import { secretOperations } from './operations/secret-operations.js';
import { serviceOperations } from './operations/service-operations.js';
import { taskOperations } from './operations/task-operations.js';
import { userOperations } from './operations/user-operations.js';
import { workerOperations } from './operations/worker-operations.js';

/**
 * Every operation of the coordinator by its id: `operations.tasks.openTerminal` is `tasks.open-terminal`. A test
 * compares them with the routes, so that no route is without a row in the access matrix and a place in the reference.
 */
export const operations = {
  ...serviceOperations,
  ...authOperations,
  ...userOperations,
  ...groupOperations,
  ...taskOperations,
  ...jobOperations,
  ...experimentOperations,
  ...scheduleOperations,
  ...receiverOperations,
  ...fileOperations,
  ...codeOperations,
  ...secretOperations,
  ...programOperations,
  ...workerOperations,
};

/** The same as a list. */
export const OPERATIONS: readonly Operation[] = Object.values(operations).flatMap((area): Operation[] =>
  Object.values(area),
);
