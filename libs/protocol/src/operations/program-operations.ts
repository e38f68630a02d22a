import { ProgramFromAttachment, ProgramList, ProgramQuery, ProgramView, UploadProgram } from '../programs.js';
import { CancelAnswer, CancelTask } from '../tasks.js';
import { SubmitWorkload, WaitWorkload, WorkloadPage, WorkloadQuery, WorkloadTasks, WorkloadView } from '../workloads.js';
import type { Operation } from './operation.js';

export const PROGRAM_OPERATIONS: readonly Operation[] = [
  { id: 'programs.upload', method: 'POST', path: '/programs', summary: 'Store a WebAssembly program', access: 'program.upload', query: UploadProgram, answer: ProgramView, status: 201 },
  { id: 'programs.from-attachment', method: 'POST', path: '/programs/from-attachment', summary: 'Store the WebAssembly program in an attachment', access: 'program.upload', request: ProgramFromAttachment, answer: ProgramView, status: 201 },
  { id: 'programs.list', method: 'GET', path: '/programs', summary: 'List the programs of a group', access: 'program.read', query: ProgramQuery, answer: ProgramList },
  { id: 'programs.get', method: 'GET', path: '/programs/:sha256', summary: 'Show a program', access: 'program.read', query: ProgramQuery, answer: ProgramView },
  { id: 'programs.delete', method: 'DELETE', path: '/programs/:sha256', summary: 'Delete a program that nothing uses', access: 'program.delete', query: ProgramQuery },
  { id: 'workloads.submit', method: 'POST', path: '/workloads', summary: 'Split a computation, compute its parts and put them together', access: 'program.submit', request: SubmitWorkload, answer: WorkloadView, status: 201 },
  { id: 'workloads.query', method: 'GET', path: '/workloads', summary: 'List workloads, newest first', access: 'user', query: WorkloadQuery, answer: WorkloadPage },
  { id: 'workloads.get', method: 'GET', path: '/workloads/:uuid', summary: 'Show a workload', access: 'task.read', answer: WorkloadView },
  { id: 'workloads.tasks', method: 'GET', path: '/workloads/:uuid/tasks', summary: 'List the tasks of a workload', access: 'task.read', answer: WorkloadTasks },
  { id: 'workloads.wait', method: 'POST', path: '/workloads/:uuid/wait', summary: 'Wait until a workload gets on', access: 'task.read', request: WaitWorkload, answer: WorkloadView },
  { id: 'workloads.cancel', method: 'POST', path: '/workloads/:uuid/cancel', summary: 'Cancel a workload with its tasks', access: 'task.cancel', request: CancelTask, answer: CancelAnswer },
];
