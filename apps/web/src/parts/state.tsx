import type { TaskView } from '@mitosis/protocol';

export type TaskState = TaskView['state'];

/** Each state by its shape, so that it can be told without colours. */
const SHAPES: Readonly<Record<TaskState, preact.JSX.Element>> = {
  pending: (
    <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 2.2" />
  ),
  ready: <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.8" />,
  running: (
    <>
      <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.8" opacity="0.35" />
      <path class="turn" d="M8 2.5 A5.5 5.5 0 0 1 13.5 8" fill="none" stroke="currentColor" stroke-width="2.2" />
    </>
  ),
  completed: (
    <>
      <circle cx="8" cy="8" r="6.5" fill="currentColor" />
      <path d="M4.8 8.2 L7.2 10.5 L11.2 5.8" fill="none" stroke="var(--ground)" stroke-width="1.8" />
    </>
  ),
  failed: (
    <>
      <rect x="2" y="2" width="12" height="12" rx="2.5" fill="currentColor" />
      <path d="M5.3 5.3 L10.7 10.7 M10.7 5.3 L5.3 10.7" stroke="var(--ground)" stroke-width="1.8" />
    </>
  ),
  cancelled: (
    <>
      <circle cx="8" cy="8" r="5.7" fill="none" stroke="currentColor" stroke-width="1.6" />
      <path d="M4 12 L12 4" stroke="currentColor" stroke-width="1.6" />
    </>
  ),
};

/** A state as shape and word. */
export function StateMark({ state, note }: { readonly state: TaskState; readonly note?: string | undefined }) {
  return (
    <span class={`state state-${state}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {SHAPES[state]}
      </svg>
      {state}
      {note !== undefined && <span class="dim"> {note}</span>}
    </span>
  );
}
