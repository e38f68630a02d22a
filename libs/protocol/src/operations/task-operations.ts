import { ArtifactDownload } from '../artifacts.js';
import { SubmitTask, SubmitTasks, TaskPage, TaskQuery, TaskReceipt, TaskReceipts, TaskSummaries, WaitTasks, CancelAnswer, CancelResult, CancelTask, CancelTasks, ChangeTask, TaskCount, TaskDetail, TaskFilters } from '../tasks.js';
import { TaskExplanation } from '../explain.js';
import { EventQuery } from '../events.js';
import { OutputQuery } from '../output-events.js';
import { OpenTerminal, TerminalOpened, TypeInTerminal, TypedInTerminal } from '../terminal.js';
import type { Operation } from './operation.js';

export const TASK_OPERATIONS: readonly Operation[] = [
  { id: 'tasks.submit', method: 'POST', path: '/tasks', summary: 'Submit a task', access: 'task.submit', request: SubmitTask, answer: TaskReceipt, status: 201 },
  { id: 'tasks.submit-batch', method: 'POST', path: '/tasks/batch', summary: 'Submit up to 1000 tasks, all or none', access: 'task.submit', request: SubmitTasks, answer: TaskReceipts, status: 201 },
  { id: 'tasks.wait', method: 'POST', path: '/tasks/wait', summary: 'Wait until tasks have ended', access: 'task.read', request: WaitTasks, answer: TaskSummaries },
  { id: 'tasks.query', method: 'GET', path: '/tasks', summary: 'List tasks, newest first', access: 'user', query: TaskQuery, answer: TaskPage },
  { id: 'tasks.get', method: 'GET', path: '/tasks/:uuid', summary: 'Show a task', access: 'task.read', answer: TaskDetail },
  { id: 'tasks.explain', method: 'GET', path: '/tasks/:uuid/explain', summary: 'Say why a task is not running', access: 'task.read', answer: TaskExplanation },
  { id: 'tasks.output', method: 'GET', path: '/tasks/:uuid/output', summary: 'Follow what a task prints', access: 'task.read', query: OutputQuery, answerType: 'text/event-stream' },
  { id: 'artifacts.download', method: 'GET', path: '/tasks/:uuid/artifacts/:kind', summary: 'Describe an artifact and sign its download', access: 'task.read', answer: ArtifactDownload },
  { id: 'tasks.count', method: 'GET', path: '/tasks/count', summary: 'Count tasks', access: 'user', query: TaskFilters, answer: TaskCount },
  { id: 'tasks.cancel-many', method: 'POST', path: '/tasks/cancel', summary: 'Cancel tasks by uuid or filter', access: 'user', request: CancelTasks, answer: CancelAnswer },
  { id: 'tasks.cancel', method: 'POST', path: '/tasks/:uuid/cancel', summary: 'Cancel a task', access: 'task.cancel', request: CancelTask, answer: CancelResult },
  { id: 'tasks.open-terminal', method: 'POST', path: '/tasks/:uuid/terminal', summary: 'Attach to the terminal of a running task: give it a size, learn where its output is', access: 'task.attach', request: OpenTerminal, answer: TerminalOpened },
  { id: 'tasks.type', method: 'POST', path: '/tasks/:uuid/terminal/input', summary: 'Type in the terminal of a running task', access: 'task.attach', request: TypeInTerminal, answer: TypedInTerminal, isFrequent: true },
  { id: 'tasks.change', method: 'PATCH', path: '/tasks/:uuid', summary: 'Change a task that has not started', access: 'task.manage', request: ChangeTask, answer: TaskDetail },
  { id: 'events.follow', method: 'GET', path: '/events', summary: 'Follow changes of tasks, jobs and groups', access: 'user', query: EventQuery, answerType: 'text/event-stream' },
];
