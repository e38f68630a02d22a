import { UploadRequest } from '../artifacts.js';
import { UploadTicket } from '../uploads.js';
import { ClaimAnswer, ClaimTasks, RegisterWorker, ReportAnswer, ReportAttempts, SteerWorker, WorkerRegistration } from '../workers.js';
import { CreateEnrolment, CreatedEnrolment, EnrolmentList, EnrollWorker, UpdateWorker, UpdateWorkerGroups, WorkerPage, WorkerQuery, WorkerView } from '../worker-access.js';
import { SubtaskResults, SubtaskResultsQuery } from '../workloads.js';
import type { Operation } from './operation.js';

export const WORKER_OPERATIONS: readonly Operation[] = [
  { id: 'workers.register', method: 'POST', path: '/workers', summary: 'Register a worker', access: 'worker.register', request: RegisterWorker, answer: WorkerRegistration, status: 201 },
  { id: 'workers.enroll', method: 'POST', path: '/workers/enroll', summary: 'Register a worker with an enrolment code', access: 'anyone', request: EnrollWorker, answer: WorkerRegistration, status: 201 },
  { id: 'workers.renew', method: 'POST', path: '/workers/me/renewal', summary: "Renew the worker's credentials", access: 'worker', answer: WorkerRegistration },
  { id: 'workers.query', method: 'GET', path: '/workers', summary: 'List workers', access: 'user', query: WorkerQuery, answer: WorkerPage },
  { id: 'workers.get', method: 'GET', path: '/workers/:uuid', summary: 'Show a worker', access: 'worker.read', answer: WorkerView },
  { id: 'workers.update', method: 'PATCH', path: '/workers/:uuid', summary: 'Replace tags or labels of a worker', access: 'worker.manage', request: UpdateWorker, answer: WorkerView },
  { id: 'workers.revoke', method: 'DELETE', path: '/workers/:uuid', summary: 'End the credentials of a worker; its tasks go elsewhere', access: 'worker.manage' },
  { id: 'workers.update-roles', method: 'PUT', path: '/workers/:uuid/groups', summary: 'Give groups a role on a worker', access: 'worker.manage', request: UpdateWorkerGroups, answer: WorkerView },
  { id: 'workers.remove-role', method: 'DELETE', path: '/workers/:uuid/groups/:name', summary: "Take a group's role on a worker away", access: 'worker.manage' },
  { id: 'enrolments.list', method: 'GET', path: '/enrolments', summary: 'List your enrolment codes that can still be used', access: 'user', answer: EnrolmentList },
  { id: 'enrolments.create', method: 'POST', path: '/enrolments', summary: 'Create an enrolment code; it is shown only here', access: 'worker.register', request: CreateEnrolment, answer: CreatedEnrolment, status: 201 },
  { id: 'enrolments.revoke', method: 'DELETE', path: '/enrolments/:uuid', summary: 'Revoke an enrolment code', access: 'user' },
  { id: 'workers.unregister', method: 'DELETE', path: '/workers/me', summary: 'Say goodbye', access: 'worker' },
  { id: 'workers.claim', method: 'POST', path: '/workers/me/claims', summary: 'Claim tasks that a queue has delivered', access: 'worker', request: ClaimTasks, answer: ClaimAnswer },
  { id: 'workers.report', method: 'POST', path: '/workers/me/reports', summary: 'Report how attempts ended', access: 'worker', request: ReportAttempts, answer: ReportAnswer },
  { id: 'workers.upload', method: 'POST', path: '/workers/me/uploads', summary: 'Sign the upload of something an attempt has produced', access: 'worker', request: UploadRequest, answer: UploadTicket },
  { id: 'workers.steer', method: 'POST', path: '/workers/:uuid/wanted', summary: 'Drain a worker, resume it, or stop it', access: 'worker.manage', request: SteerWorker, answer: WorkerView },
  { id: 'workers.subtask-results', method: 'POST', path: '/workers/me/subtask-results', summary: 'Read what the subtasks of a workload have printed', access: 'worker', request: SubtaskResultsQuery, answer: SubtaskResults },
  { id: 'workers.channel', method: 'GET', path: '/workers/me/channel', summary: 'Open the control channel', access: 'worker', status: 101, answerType: 'websocket' },
];
