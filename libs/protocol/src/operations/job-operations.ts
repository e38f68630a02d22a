import {
  AddTasks,
  CreateJob,
  JobPage,
  JobQuery,
  JobReceipt,
  JobResultPage,
  JobResultQuery,
  JobView,
  RetryAnswer,
  SuspensionAnswer,
  WaitJob,
} from '../jobs.js';
import { CancelAnswer, CancelTask, TaskReceipts } from '../tasks.js';
import type { Operation } from './operation.js';

export const JOB_OPERATIONS: readonly Operation[] = [
  { id: 'jobs.create', method: 'POST', path: '/jobs', summary: 'Submit a job with its first tasks', access: 'task.submit', request: CreateJob, answer: JobReceipt, status: 201 },
  { id: 'jobs.query', method: 'GET', path: '/jobs', summary: 'List jobs, newest first', access: 'user', query: JobQuery, answer: JobPage },
  { id: 'jobs.get', method: 'GET', path: '/jobs/:uuid', summary: 'Show a job, or wait for its end', access: 'task.read', query: WaitJob, answer: JobView },
  { id: 'jobs.add-tasks', method: 'POST', path: '/jobs/:uuid/tasks', summary: 'Add tasks to an open job', access: 'task.submit', request: AddTasks, answer: TaskReceipts, status: 201 },
  { id: 'jobs.results', method: 'GET', path: '/jobs/:uuid/results', summary: 'Parameters, metrics and outcomes of the tasks of a job', access: 'task.read', query: JobResultQuery, answer: JobResultPage },
  { id: 'jobs.close', method: 'POST', path: '/jobs/:uuid/close', summary: 'Say that no more tasks are to come', access: 'task.manage', answer: JobView },
  { id: 'jobs.cancel', method: 'POST', path: '/jobs/:uuid/cancel', summary: 'Cancel the tasks of a job', access: 'task.cancel', request: CancelTask, answer: CancelAnswer },
  { id: 'jobs.retry-failed', method: 'POST', path: '/jobs/:uuid/retry-failed', summary: 'Submit the failed tasks of a job again', access: 'task.manage', answer: RetryAnswer },
  { id: 'jobs.suspend', method: 'POST', path: '/jobs/:uuid/suspend', summary: 'Start no more tasks of a job', access: 'task.manage', answer: SuspensionAnswer },
  { id: 'jobs.resume', method: 'POST', path: '/jobs/:uuid/resume', summary: 'Start tasks of a job again', access: 'task.manage', answer: SuspensionAnswer },
  { id: 'groups.suspend', method: 'POST', path: '/groups/:name/suspend', summary: 'Start no more tasks of a group', access: 'group.manage', answer: SuspensionAnswer },
  { id: 'groups.resume', method: 'POST', path: '/groups/:name/resume', summary: 'Start tasks of a group again', access: 'group.manage', answer: SuspensionAnswer },
];
