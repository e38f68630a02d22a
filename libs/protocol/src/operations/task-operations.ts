import { ArtifactDownload } from '../artifacts.js';
import { SubmitTask, SubmitTasks, TaskPage, TaskQuery, TaskReceipt, TaskReceipts, TaskSummaries, TaskView, WaitTasks } from '../tasks.js';
import { TaskExplanation } from '../explain.js';
import type { Operation } from './operation.js';

export const TASK_OPERATIONS: readonly Operation[] = [
  { id: 'tasks.submit', method: 'POST', path: '/tasks', summary: 'Submit a task', access: 'task.submit', request: SubmitTask, answer: TaskReceipt, status: 201 },
  { id: 'tasks.submit-batch', method: 'POST', path: '/tasks/batch', summary: 'Submit up to 1000 tasks, all or none', access: 'task.submit', request: SubmitTasks, answer: TaskReceipts, status: 201 },
  { id: 'tasks.wait', method: 'POST', path: '/tasks/wait', summary: 'Wait until tasks have ended', access: 'task.read', request: WaitTasks, answer: TaskSummaries },
  { id: 'tasks.query', method: 'GET', path: '/tasks', summary: 'List tasks, newest first', access: 'user', query: TaskQuery, answer: TaskPage },
  { id: 'tasks.get', method: 'GET', path: '/tasks/:uuid', summary: 'Show a task', access: 'task.read', answer: TaskView },
  { id: 'tasks.explain', method: 'GET', path: '/tasks/:uuid/explain', summary: 'Say why a task is not running', access: 'task.read', answer: TaskExplanation },
  { id: 'tasks.output', method: 'GET', path: '/tasks/:uuid/output', summary: 'Follow what a task prints', access: 'task.read', answerType: 'text/event-stream' },
  { id: 'artifacts.download', method: 'GET', path: '/tasks/:uuid/artifacts/:kind', summary: 'Describe an artifact and sign its download', access: 'task.read', answer: ArtifactDownload },
];
