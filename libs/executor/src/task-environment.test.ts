import test from 'ava';
import { taskEnvironment } from './task-environment.js';

const scratch = {
  execDir: '/s/exec',
  homeDir: '/s/home',
  resultDir: '/s/result',
  resourceDir: '/s/resource',
  tmpDir: '/s/tmp',
};
const options = { taskUuid: 'uuid', attempt: 2, scratch, env: {} };

test('a task has the basics of a login and its own folders, nothing else', (t) => {
  t.deepEqual(taskEnvironment({ ...options, account: { username: 'ada', shell: null } }), {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/s/home',
    TMPDIR: '/s/tmp',
    LANG: 'C.UTF-8',
    USER: 'ada',
    LOGNAME: 'ada',
    SHELL: '/bin/sh',
    MITO_TASK_UUID: 'uuid',
    MITO_TASK_ATTEMPT: '2',
    MITO_RESULT_DIR: '/s/result',
    MITO_EXEC_DIR: '/s/exec',
    MITO_RESOURCE_DIR: '/s/resource',
  });
});

test("a task's own variables win over the worker's, and both over the basics", (t) => {
  const env = taskEnvironment({ ...options, base: { PATH: '/opt', CUDA: '0' }, env: { CUDA: '1', LANG: 'fr' } });
  t.like(env, { PATH: '/opt', CUDA: '1', LANG: 'fr' });
});

test("a task can't override what the platform says", (t) => {
  const env = { MITO_TASK_UUID: 'x', MITO_EXEC_DIR: '/', MITO_NEW_TASK: 'x', MITO_OWN: 'kept' };
  t.like(taskEnvironment({ ...options, env, platform: { MITO_NEW_TASK: '/s/new' } }), {
    MITO_TASK_UUID: 'uuid',
    MITO_EXEC_DIR: '/s/exec',
    MITO_NEW_TASK: '/s/new',
    MITO_OWN: 'kept',
  });
});
