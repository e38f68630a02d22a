import type { CatalogueEntry } from './catalogue-entry.js';

/** WebAssembly programs; Running a task on a worker; Queues and the worker's connection. */
export const RUNNING_ERRORS = {
  bad_cwd: {
    kind: 'invalid',
    means: 'The working folder of the task cannot be used.',
    todo: "Name a folder inside the task's own.",
  },
  cancelled: { kind: 'invalid', means: 'The command was interrupted.', todo: 'Nothing.' },
  environment_failed: {
    kind: 'unavailable',
    means: 'The environment of the task (`--env-setup`) could not be built on the worker.',
    todo:
      'Read the end of its log in the message; `mito tasks artifacts cat UUID env-log environment.log` shows all of ' +
      'it.',
  },
  execution_ended: { kind: 'conflict', means: 'The program has ended, or has not started.', todo: 'Nothing.' },
  executor_stopped: {
    kind: 'unavailable',
    means: 'The executor was stopped.',
    todo: 'Nothing; the task is tried again.',
  },
  hook_failed: { kind: 'unavailable', means: 'A hook of the worker failed.', todo: 'Look at the log of the worker.' },
  command_not_started: {
    kind: 'invalid',
    means: 'The command beside a task could not be started.',
    todo: 'Check its name; it is looked up in the PATH of the task.',
  },
  outside_folders: {
    kind: 'invalid',
    means: 'The path leads out of the folders of the task.',
    todo: 'Name a path below exec, home, resource, result or tmp.',
  },
  path_not_found: {
    kind: 'not-found',
    means: 'The running task has no such file or folder.',
    todo: '`mito tasks ls` shows what there is.',
  },
  port_closed: {
    kind: 'conflict',
    means: 'No process of the task accepts connections on the port.',
    todo: 'Wait until the program listens, on 127.0.0.1 or on all addresses, and check the port.',
  },
  stream_lost: {
    kind: 'unavailable',
    means: 'The connection to a running task was lost; a command that ran over it was ended.',
    todo: 'Type the command again.',
  },
  task_ended: {
    kind: 'conflict',
    means: 'The task has ended, or this attempt of it.',
    todo: '`mito tasks logs` and `mito tasks artifacts list` show what it left.',
  },
  too_many_streams: {
    kind: 'conflict',
    means: 'Too many connections to running tasks are open.',
    todo: 'Close some of them.',
  },
  upgrade_required: {
    kind: 'invalid',
    means: 'The operation is a WebSocket, and the request did not ask for one.',
    todo: 'Use `mito tasks exec` or `mito tasks forward`, or a WebSocket client.',
  },
  worker_away: {
    kind: 'conflict',
    means: 'The worker of the task is offline.',
    todo: 'Try again when it is back; `mito workers query` shows it.',
  },
  no_guests: {
    kind: 'conflict',
    means: 'No command can run beside the task: it is a sandboxed program, or too many run already.',
    todo: 'End one of them. A sandboxed program has only its output and its result folder.',
  },
  invalid_delivery: {
    kind: 'invalid',
    means: 'A queue entry does not name a task.',
    todo: 'Nothing; the entry is dropped.',
  },
  invalid_execution_id: { kind: 'invalid', means: 'The id cannot name an execution.', todo: 'Report this as a bug.' },
  invalid_message: {
    kind: 'invalid',
    means: 'The program sent a message larger than the sandbox takes.',
    todo: 'Send less at a time.',
  },
  invalid_offset: { kind: 'invalid', means: 'The output has no such byte.', todo: 'Begin at 0.' },
  invalid_output_frame: { kind: 'invalid', means: 'The output is damaged.', todo: 'Report this as a bug.' },
  invalid_queue_name: {
    kind: 'invalid',
    means: 'The name of a queue cannot be read.',
    todo: 'Nothing was made by this program; remove the queue.',
  },
  message_too_large: {
    kind: 'too-large',
    means: 'The message is larger than is allowed.',
    todo: 'Send less at a time.',
  },
  not_built: {
    kind: 'unavailable',
    means: 'The built-in program is not built.',
    todo: 'Run `node workloads/build.mjs`.',
  },
  not_in_a_task: { kind: 'invalid', means: 'The command works inside a task only.', todo: 'Run it in a task.' },
  program_in_use: {
    kind: 'conflict',
    means: 'Tasks or computations that have not ended use the program.',
    todo: 'Wait, or cancel them.',
  },
  program_mismatch: {
    kind: 'invalid',
    means: 'The program does not have the SHA-256 that was named.',
    todo: 'Upload the right file.',
  },
  program_not_found: {
    kind: 'not-found',
    means: 'The group has no such program.',
    todo: 'Upload it with `mito programs upload`.',
  },
  program_unreadable: {
    kind: 'unavailable',
    means: 'The program cannot be read from the store.',
    todo: 'Try again; upload it again if it stays.',
  },
  queue_access_denied: {
    kind: 'forbidden',
    means: 'The worker may not use this queue.',
    todo: 'Check which groups the worker serves.',
  },
  queue_refuses: { kind: 'unavailable', means: 'The queue server takes no entry.', todo: 'Check its memory and disk.' },
  queue_server_unsuitable: {
    kind: 'unavailable',
    means: 'The queue server is too old or set up wrongly.',
    todo: 'Follow what the message says.',
  },
  queue_unavailable: {
    kind: 'unavailable',
    means: 'The queue server does not respond.',
    todo: 'Check that it runs; tasks wait meanwhile.',
  },
  sandbox_stopped: {
    kind: 'unavailable',
    means: 'The sandbox was stopped.',
    todo: 'Nothing; the task is tried again.',
  },
  sandbox_unavailable: {
    kind: 'unavailable',
    means: 'A process of the sandbox could not be started.',
    todo: 'Check the memory and process limits of the worker.',
  },
  scratch_in_use: {
    kind: 'conflict',
    means: 'The scratch folder belongs to a running process.',
    todo: 'Choose another `--work-dir`.',
  },
  scratch_not_removed: {
    kind: 'unavailable',
    means: 'The scratch folder of a task could not be removed.',
    todo: 'Remove it by hand; the message names it.',
  },
  scratch_unavailable: {
    kind: 'unavailable',
    means: 'The scratch folder cannot be made.',
    todo: 'Check the space and permissions of the work folder.',
  },
  wasm_forbidden_import: {
    kind: 'invalid',
    means: 'The program imports what a sandboxed program may not have.',
    todo: 'Build it for WASI preview 1 without other imports.',
  },
  wasm_invalid: {
    kind: 'invalid',
    means: 'The program cannot be loaded.',
    todo: 'Check it with another WebAssembly runtime.',
  },
  wasm_limit_exceeded: {
    kind: 'invalid',
    means: 'The program asks for more than is allowed.',
    todo: 'Build it with lower limits.',
  },
  wasm_malformed: { kind: 'invalid', means: 'The file is not a WebAssembly program.', todo: 'Upload a `.wasm` file.' },
  wasm_memory: {
    kind: 'invalid',
    means: 'The program does not have exactly one memory.',
    todo: 'Build it with one memory.',
  },
  wasm_missing_export: {
    kind: 'invalid',
    means: 'The program is not a WASI command.',
    todo: 'Build it as a command that exports `_start`.',
  },
  wasm_too_large: { kind: 'invalid', means: 'The program is larger than is allowed.', todo: 'Strip it, or split it.' },
  limits_not_enforced: {
    kind: 'conflict',
    means: 'No control group that limits memory can be made, and `--strict-limits` asks for one.',
    todo: 'Start the worker as root or with a delegated control group, or without `--strict-limits`.',
  },
  work_dir_in_use: { kind: 'conflict', means: 'Another worker uses the folder.', todo: 'Choose another `--work-dir`.' },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
