import type { CatalogueEntry } from './catalogue-entry.js';

/** Tasks, jobs, workloads and attempts; Terminals. */
export const TASKS_ERRORS = {
  code_not_found: { kind: 'not-found', means: 'The code of the task is unknown.', todo: 'Submit it again with `-C`.' },
  code_refused: {
    kind: 'invalid',
    means: 'The folder of code holds what may not be sent.',
    todo: 'Leave out what the message names.',
  },
  code_not_placed: {
    kind: 'unavailable',
    means: 'The code could not be put in place on the worker.',
    todo: 'Check the space on the disk of the worker.',
  },
  git_failed: { kind: 'invalid', means: 'A call of git failed.', todo: 'Read what git says in the message.' },
  git_missing: { kind: 'invalid', means: '`git` is not installed, and the folder needs it.', todo: 'Install git.' },
  workdir_changed: {
    kind: 'conflict',
    means: 'The folder changed while it was packed.',
    todo: 'Submit again when nothing writes to it.',
  },
  workdir_too_large: {
    kind: 'too-large',
    means: 'The folder of code is too large.',
    todo: 'List what to leave out in `.gitignore`.',
  },
  workdir_unreadable: {
    kind: 'invalid',
    means: 'A file of the folder cannot be read.',
    todo: 'Check its permissions, or leave it out.',
  },
  workdir_unsendable: {
    kind: 'invalid',
    means: 'The folder holds something that cannot be sent.',
    todo: 'Remove it, or leave it out.',
  },
  search_too_costly: {
    kind: 'too-large',
    means: 'The pattern takes too much time or memory for a piece of an output.',
    todo: 'Use a simpler pattern, or search for text.',
  },
  attempt_called_off: {
    kind: 'conflict',
    means: 'The attempt ended before its files were kept.',
    todo: 'Nothing; the task runs again or has ended.',
  },
  attempt_not_found: {
    kind: 'not-found',
    means: 'The task has no such attempt.',
    todo: '`mito tasks get` lists its attempts.',
  },
  dependency_cycle: {
    kind: 'invalid',
    means: 'The task would wait for something that waits for it.',
    todo: 'Leave out one of the dependencies.',
  },
  idempotency_key_reused: {
    kind: 'conflict',
    means: 'The idempotency key was used for another request.',
    todo: 'Use a new key for a new request.',
  },
  input_gap: { kind: 'conflict', means: 'Something that was typed before has not arrived.', todo: 'Attach again.' },
  invalid_experiment: {
    kind: 'invalid',
    means: 'The file that describes a job is wrong; the message names the place.',
    todo: 'Correct the file there.',
  },
  invalid_new_task: {
    kind: 'invalid',
    means: 'A line of `$MITO_NEW_TASK` is not a task.',
    todo: 'Write one task as JSON per line.',
  },
  impossible_request: {
    kind: 'conflict',
    means: 'No registered worker could run the task, and the request asked to refuse that.',
    todo: 'Ask for less, add a worker, or leave out `--refuse-impossible` to let the task wait.',
  },
  job_closed: { kind: 'conflict', means: 'The job takes no more tasks.', todo: 'Submit another job.' },
  job_not_found: {
    kind: 'not-found',
    means: 'There is no such job that you may see.',
    todo: '`mito jobs list` lists them.',
  },
  needs_two_workers: {
    kind: 'conflict',
    means: 'Comparing results needs two workers that serve the group.',
    todo: 'Start another worker, or leave out the comparison.',
  },
  no_definition: {
    kind: 'not-found',
    means: 'The job was not made by `mito apply`.',
    todo: 'Show it with `mito jobs get`.',
  },
  no_terminal: { kind: 'conflict', means: 'The task has no terminal.', todo: 'Submit it with `--pty`.' },
  not_running: { kind: 'conflict', means: 'The task is not running.', todo: 'Wait until it runs.' },
  output_gone: {
    kind: 'not-found',
    means: 'This part of the output no longer exists.',
    todo: 'Read from the end, or look at the stored log.',
  },
  output_not_kept: {
    kind: 'unavailable',
    means: 'The output could not be stored.',
    todo: 'Check the space on the disk of the worker.',
  },
  queued_tasks_quota: {
    kind: 'conflict',
    means: 'The group has as many waiting tasks as it may have.',
    todo: 'Wait, or ask a site administrator for more.',
  },
  report_postponed: {
    kind: 'unavailable',
    means: 'The report could not be stored yet.',
    todo: 'Nothing; the worker reports again.',
  },
  report_refused: {
    kind: 'invalid',
    means: 'The report of an attempt is wrong.',
    todo: 'Update the worker to the version of the coordinator.',
  },
  report_unwritable: {
    kind: 'invalid',
    means: 'The report holds text that cannot be stored.',
    todo: 'Update the worker to the version of the coordinator.',
  },
  stale_attempt: {
    kind: 'conflict',
    means: 'The attempt is no longer the current one of its task.',
    todo: 'Nothing; the worker stops it.',
  },
  step_timed_out: {
    kind: 'unavailable',
    means: 'A step of the worker took too long.',
    todo: 'Look at the log of the worker; the task is tried again.',
  },
  task_not_found: {
    kind: 'not-found',
    means: 'There is no such task that you may see.',
    todo: 'Check the UUID; `mito tasks query` lists tasks.',
  },
  task_started: {
    kind: 'conflict',
    means: 'The task has started: only its labels can be changed.',
    todo: 'Cancel it and submit another one.',
  },
  terminal_busy: {
    kind: 'unavailable',
    means: 'The program does not read, or its worker is away.',
    todo: 'Try again; look at the task with `mito tasks get`.',
  },
  terminal_ended: {
    kind: 'conflict',
    means: 'The program in the terminal has ended.',
    todo: '`mito tasks logs` shows what it printed.',
  },
  workload_not_found: {
    kind: 'not-found',
    means: 'There is no such computation that you may see.',
    todo: '`mito workloads list` lists them.',
  },
  count_changed: {
    kind: 'conflict',
    means: 'The filter finds another number of tasks than when you looked.',
    todo: 'Look at the tasks again, then repeat the operation.',
  },
  rerun_too_large: {
    kind: 'too-large',
    means: 'The job has too many tasks to be submitted again in one step.',
    todo: 'Repeat the command that submitted the job.',
  },
  schedule_exists: {
    kind: 'conflict',
    means: 'The group has a schedule with this name.',
    todo: 'Delete it first, or choose another name.',
  },
  schedule_not_found: {
    kind: 'not-found',
    means: 'The schedule does not exist, or you may not see it.',
    todo: '`mito schedules list` shows the schedules that you may see.',
  },
  schedule_owner_gone: {
    kind: 'forbidden',
    means: 'The owner of the schedule may no longer submit to its group.',
    todo: 'Give the role back and resume the schedule, or create it again.',
  },
  secret_not_found: {
    kind: 'not-found',
    means: 'The group has no secret with this name.',
    todo: '`mito secrets list` shows the names; `mito secrets set` sets one.',
  },
  secret_unreadable: {
    kind: 'conflict',
    means: 'The secret was encrypted with another key of the deployment.',
    todo: 'Set the secret again, or restore the key file.',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
