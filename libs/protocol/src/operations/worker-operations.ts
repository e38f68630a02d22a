import { SignedRequest, UploadRequest } from '../artifacts.js';
import { ClaimAnswer, ClaimTasks, RegisterWorker, ReportAnswer, ReportAttempts, SteerWorker, SteeredWorker, WorkerRegistration } from '../workers.js';
import type { Operation } from './operation.js';

export const WORKER_OPERATIONS: readonly Operation[] = [
  { id: 'workers.register', method: 'POST', path: '/workers', summary: 'Register a worker', access: 'worker.register', request: RegisterWorker, answer: WorkerRegistration, status: 201 },
  { id: 'workers.unregister', method: 'DELETE', path: '/workers/me', summary: 'Say goodbye', access: 'worker' },
  { id: 'workers.claim', method: 'POST', path: '/workers/me/claims', summary: 'Claim tasks that a queue has delivered', access: 'worker', request: ClaimTasks, answer: ClaimAnswer },
  { id: 'workers.report', method: 'POST', path: '/workers/me/reports', summary: 'Report how attempts ended', access: 'worker', request: ReportAttempts, answer: ReportAnswer },
  { id: 'workers.upload', method: 'POST', path: '/workers/me/uploads', summary: 'Sign the upload of something an attempt has produced', access: 'worker', request: UploadRequest, answer: SignedRequest },
  { id: 'workers.steer', method: 'POST', path: '/workers/:uuid/wanted', summary: 'Drain a worker, resume it, or stop it', access: 'worker.manage', request: SteerWorker, answer: SteeredWorker },
  { id: 'workers.channel', method: 'GET', path: '/workers/me/channel', summary: 'Open the control channel', access: 'worker', status: 101, answerType: 'websocket' },
];
