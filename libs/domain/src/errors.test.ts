import test from 'ava';
import { API_ERRORS } from './errors/api-errors.js';
import { ERRORS } from './errors/error-catalogue.js';
import { FILES_ERRORS } from './errors/files-errors.js';
import { RUNNING_ERRORS } from './errors/running-errors.js';
import { SERVICE_ERRORS } from './errors/service-errors.js';
import { TASKS_ERRORS } from './errors/tasks-errors.js';
import { HTTP_STATUS } from './index.js';

const PARTS = [API_ERRORS, TASKS_ERRORS, FILES_ERRORS, RUNNING_ERRORS, SERVICE_ERRORS];

test('no code stands in two parts of the catalogue', (t) => {
  const codes = PARTS.flatMap((part) => Object.keys(part));
  t.deepEqual(
    codes.filter((code, index) => codes.indexOf(code) !== index),
    [],
  );
});

test('an entry has a kind that every edge knows, and says in sentences what happened and what to do', (t) => {
  for (const [code, { kind, means, todo }] of Object.entries(ERRORS)) {
    t.true(kind === 'any' || kind in HTTP_STATUS, code);
    t.regex(means, /^[A-Z`].*\.$/, code);
    t.regex(todo, /^[A-Z`].*\.$/, code);
  }
});
