import test from 'ava';
import { FINAL_STATES, isFinal, nextState, statesBefore, TASK_STATES, type TaskEvent } from './index.js';

const EVENTS: TaskEvent[] = ['release', 'wait', 'claim', 'resume', 'requeue', 'postpone', 'complete', 'fail', 'cancel'];

test('the whole table of transitions is the one that the architecture shows', (t) => {
  const table = TASK_STATES.flatMap((state) =>
    EVENTS.flatMap((event) => {
      const next = nextState(state, event);
      return next === undefined ? [] : [`${state} -${event}-> ${next}`];
    }),
  );
  t.deepEqual(table, [
    'pending -release-> ready',
    'pending -wait-> pending',
    'pending -fail-> failed',
    'pending -cancel-> cancelled',
    'ready -wait-> pending',
    'ready -claim-> running',
    'ready -resume-> running',
    'ready -fail-> failed',
    'ready -cancel-> cancelled',
    'running -requeue-> ready',
    'running -postpone-> pending',
    'running -complete-> completed',
    'running -fail-> failed',
    'running -cancel-> cancelled',
  ]);
});

test('nothing leaves a final state', (t) => {
  t.deepEqual(TASK_STATES.filter(isFinal), [...FINAL_STATES]);
});

test('a write asks for the states in which its event may happen', (t) => {
  t.deepEqual(statesBefore('claim'), ['ready']);
  t.deepEqual(statesBefore('cancel'), ['pending', 'ready', 'running']);
});
