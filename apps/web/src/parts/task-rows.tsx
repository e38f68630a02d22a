import type { TaskView } from '@mitosis/protocol';
import { duration } from '../app/format.js';
import { href } from '../app/router.js';
import { Words } from './page.js';
import { StateMark } from './state.js';
import type { Column } from './table.js';
import { Ago, useNow } from './time.js';

/** How long a task has run, moving while it runs. */
export function Ran({ task }: { readonly task: Pick<TaskView, 'state' | 'started_at' | 'finished_at'> }) {
  const now = useNow(task.state === 'running');
  if (task.started_at === null) return <span class="dim">–</span>;
  const end = task.finished_at === null ? now : Date.parse(task.finished_at);
  return <>{duration(end - Date.parse(task.started_at))}</>;
}

/** How it went, in a word or two. */
export function outcomeOf({ state, exit_code: code, signal, progress, reason }: TaskView): string | undefined {
  if (state === 'running' && progress !== null) return `${Math.round(progress * 100)} %`;
  if (state !== 'failed') return undefined;
  if (signal !== null) return signal;
  return code === null ? (reason?.replaceAll('_', ' ') ?? undefined) : `exit ${code}`;
}

/** The columns of every list of tasks. */
export const TASK_COLUMNS: readonly Column<TaskView>[] = [
  { name: 'State', cell: (task) => <StateMark state={task.state} note={outcomeOf(task)} /> },
  {
    name: 'Name',
    isWide: true,
    cell: (task) => (
      <a href={href(['task', task.uuid])} dir="auto" title={task.name}>
        {task.name}
      </a>
    ),
  },
  { name: 'Labels', isExtra: true, cell: (task) => <Words words={task.labels} /> },
  { name: 'Group', isExtra: true, cell: (task) => task.group },
  { name: 'Creator', isExtra: true, cell: (task) => task.creator },
  { name: 'Attempt', isNumber: true, isExtra: true, cell: (task) => task.attempt },
  { name: 'Ran for', isNumber: true, cell: (task) => <Ran task={task} /> },
  { name: 'Created', cell: (task) => <Ago at={task.created_at} /> },
];
