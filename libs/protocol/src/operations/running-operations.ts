import { ForwardQuery, TaskFileQuery, TaskFiles, TaskFilesQuery } from '../task-streams.js';
import { operation } from './operation.js';

/** Going into a task while it runs. */
export const runningOperations = {
  exec: operation({
    id: 'tasks.exec',
    method: 'GET',
    path: '/tasks/:uuid/exec',
    summary: 'Run a command beside a running task, over a WebSocket',
    access: 'task.attach',
    status: 101,
    responseType: 'websocket',
  }),
  forward: operation({
    id: 'tasks.forward',
    method: 'GET',
    path: '/tasks/:uuid/forward',
    summary: 'Connect to a port on which a running task listens, over a WebSocket',
    access: 'task.attach',
    query: ForwardQuery,
    status: 101,
    responseType: 'websocket',
  }),
  files: operation({
    id: 'tasks.files',
    method: 'GET',
    path: '/tasks/:uuid/files',
    summary: 'List a folder of a running task',
    access: 'task.attach',
    query: TaskFilesQuery,
    response: TaskFiles,
  }),
  file: operation({
    id: 'tasks.file',
    method: 'GET',
    path: '/tasks/:uuid/files/content',
    summary: 'Read a file of a running task, or a folder as tar.gz',
    access: 'task.attach',
    query: TaskFileQuery,
    responseType: 'application/octet-stream',
  }),
};
