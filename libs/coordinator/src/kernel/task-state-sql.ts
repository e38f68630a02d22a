import { nextState, statesBefore, type TaskEvent } from '@mitosis/domain';

/** The state that a task has after `event`, as a literal of SQL: a statement that changes a state sets this. */
export function stateAfter(event: TaskEvent): string {
  const states = new Set(statesBefore(event).map((state) => nextState(state, event)));
  const [state] = states;
  if (states.size !== 1 || state === undefined) throw new Error(`"${event}" leads to ${states.size} states`);
  return `'${state}'`;
}

/** True in SQL for a task to which `event` may happen: its state is one that the table of transitions allows. */
export function mayHappen(event: TaskEvent, column = 'state'): string {
  return `${column} IN (${statesBefore(event)
    .map((state) => `'${state}'`)
    .join(', ')})`;
}
