import type { Scenario } from '../scenario.js';
import { workerKilled } from './f01-worker-killed.js';
import { coordinatorKilled } from './f02-coordinator-killed.js';
import { queueWiped } from './f04-queue-wiped.js';

/** In the order in which they are run. */
export const scenarios: readonly Scenario[] = [workerKilled, coordinatorKilled, queueWiped];
