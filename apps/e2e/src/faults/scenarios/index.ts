import type { Scenario } from '../scenario.js';
import { workerKilled } from './f01-worker-killed.js';
import { coordinatorKilled } from './f02-coordinator-killed.js';
import { postgresDown } from './f03-postgres-down.js';
import { queueWiped } from './f04-queue-wiped.js';
import { workerCutOff } from './f05-worker-cut-off.js';
import { clockOff } from './f07-clock-off.js';
import { deliveredTwice } from './f08-delivered-twice.js';
import { poison } from './f09-poison.js';
import { diskFull } from './f10-disk-full.js';
import { stateMachine } from './f14-state-machine.js';
import { rollingRestart } from './rolling-restart.js';

/** In the order in which they are run. */
export const scenarios: readonly Scenario[] = [
  workerKilled,
  coordinatorKilled,
  postgresDown,
  queueWiped,
  workerCutOff,
  clockOff,
  deliveredTwice,
  poison,
  diskFull,
  stateMachine,
  rollingRestart,
];
