import test from 'ava';
import { moveWorkload, type TaskState, type WorkloadMove, type WorkloadState, type WorkloadStep } from './index.js';

const moves = test.macro({
  exec: (t, [state, isVerified, step, task]: [WorkloadState, boolean, WorkloadStep, TaskState], move: WorkloadMove) =>
    t.is(moveWorkload({ state, isVerified }, step, task), move),
  title: (_, [state, isVerified, step, task], move) =>
    `when ${step} is ${task}, a workload that is ${state}${isVerified ? ' and verified' : ''} does ${move}`,
});

test(moves, ['splitting', false, 'split', 'completed'], 'begin-maps');
test(moves, ['splitting', false, 'split', 'ready'], 'none');
test(moves, ['splitting', false, 'split', 'failed'], 'fail');
test(moves, ['mapping', false, 'map', 'completed'], 'count-subtask');
test(moves, ['mapping', true, 'map', 'completed'], 'begin-check');
test(moves, ['mapping', true, 'check', 'completed'], 'count-subtask');
test(moves, ['mapping', false, 'map', 'pending'], 'none');
test(moves, ['mapping', false, 'map', 'cancelled'], 'cancel');
test(moves, ['reducing', false, 'reduce', 'completed'], 'complete');
test(moves, ['reducing', false, 'reduce', 'failed'], 'fail');
test(moves, ['failed', false, 'map', 'failed'], 'none');
test(moves, ['cancelled', true, 'map', 'completed'], 'none');
