import type { CatalogueEntry } from './catalogue-entry.js';

/** Files, uploads and artifacts. */
export const FILES_ERRORS = {
  archive_refused: {
    kind: 'invalid',
    means: 'The archive is damaged, or holds entries that are not allowed.',
    todo: 'Pack it again without links out of the folder and special files.',
  },
  archive_too_large: {
    kind: 'too-large',
    means: 'The archive has too many entries or bytes.',
    todo: 'Pack fewer files.',
  },
  artifact_not_found: {
    kind: 'not-found',
    means: 'The task has no such artifact.',
    todo: '`mito tasks get` lists what it has.',
  },
  attachment_not_found: {
    kind: 'not-found',
    means: 'The group has no such attachment.',
    todo: 'Upload it with `mito groups attachments upload`.',
  },
  checkpoint_damaged: {
    kind: 'conflict',
    means: 'No checkpoint of the task can be laid back.',
    todo: 'Look at the store. `mito tasks checkpoints UUID --delete` lets the task start from the beginning.',
  },
  checkpoint_not_found: {
    kind: 'not-found',
    means: 'The task has stored no checkpoint.',
    todo: 'Leave `from_checkpoint` out: the task starts from the beginning.',
  },
  checksum_mismatch: {
    kind: 'conflict',
    means: 'The bytes that arrived are not those that were stored.',
    todo: 'Try again; if it stays, the store has lost data.',
  },
  file_changed: {
    kind: 'conflict',
    means: 'The file changed while it was read.',
    todo: 'Try again when nothing writes to it.',
  },
  file_too_large: {
    kind: 'too-large',
    means: 'The file is larger than is allowed here.',
    todo: 'Send a smaller one, or store it elsewhere.',
  },
  file_unreadable: { kind: 'invalid', means: 'The file cannot be read.', todo: 'Check its path and permissions.' },
  folder_empty: { kind: 'invalid', means: 'The folder is empty.', todo: 'Name another one.' },
  folder_too_large: {
    kind: 'too-large',
    means: 'The folder has too many files or bytes.',
    todo: 'Leave out what is not needed.',
  },
  input_replaced: {
    kind: 'conflict',
    means: 'The input was replaced after the task was submitted.',
    todo: 'Submit the task again.',
  },
  input_unreadable: {
    kind: 'unavailable',
    means: 'The input cannot be read from the store.',
    todo: 'Try again; upload it again if it stays.',
  },
  inputs_timeout: {
    kind: 'unavailable',
    means: 'The inputs did not arrive in time.',
    todo: 'Check the connection between the worker and the store.',
  },
  invalid_signature: {
    kind: 'forbidden',
    means: 'The URL was not signed by this deployment.',
    todo: 'Ask for a new URL.',
  },
  is_folder: { kind: 'invalid', means: 'The path is a folder.', todo: 'Pack it with `--pack`.' },
  no_parts: { kind: 'conflict', means: 'The upload is not sent in parts.', todo: 'Send it as one body.' },
  not_a_file: { kind: 'invalid', means: 'The path is not a regular file.', todo: 'Name a regular file.' },
  not_in_archive: {
    kind: 'not-found',
    means: 'The artifact has no such file.',
    todo: '`mito tasks artifacts list` lists what is in it.',
  },
  not_utf8: { kind: 'invalid', means: 'A file of the task is not UTF-8 text.', todo: 'Write it as UTF-8.' },
  not_written: {
    kind: 'invalid',
    means: 'The file cannot be written.',
    todo: 'Check the path, permissions and space.',
  },
  object_changed: {
    kind: 'conflict',
    means: 'The object is no longer the one that was asked for.',
    todo: 'Ask again.',
  },
  object_exists: { kind: 'conflict', means: 'The object exists and may not be replaced.', todo: 'Use another name.' },
  object_not_found: {
    kind: 'not-found',
    means: 'The store has no such object.',
    todo: 'Run `mito admin fsck`.',
  },
  object_too_large: {
    kind: 'too-large',
    means: 'The body is larger than was announced or is allowed.',
    todo: 'Send what was announced.',
  },
  pack_failed: { kind: 'unavailable', means: 'The folder could not be packed.', todo: 'Check the space on the disk.' },
  part_not_running: {
    kind: 'unavailable',
    means: 'A part of the stack is not running.',
    todo: 'Look at the log of the stack.',
  },
  range_not_satisfiable: {
    kind: 'invalid',
    means: 'The range holds no byte of the object.',
    todo: 'Ask for a range inside the object.',
  },
  resource_not_found: {
    kind: 'not-found',
    means: 'The input does not exist, or the task may not read it.',
    todo: 'Upload it first.',
  },
  results_too_large: {
    kind: 'too-large',
    means: 'The results of the subtasks are too large to be merged.',
    todo: 'Print less in each subtask.',
  },
  size_mismatch: {
    kind: 'invalid',
    means: 'The body does not have the announced size.',
    todo: 'Upload the file again.',
  },
  storage_denied: {
    kind: 'unavailable',
    means: "The object store refuses the coordinator's credentials.",
    todo: 'Check `s3_access_key` and `s3_secret_key`.',
  },
  storage_full: {
    kind: 'unavailable',
    means: 'The object store has no space left.',
    todo: 'Delete what is not needed, or add space.',
  },
  storage_quota_exceeded: {
    kind: 'too-large',
    means: 'The group has no room left in its storage quota.',
    todo: 'Delete files, or ask a site administrator for more.',
  },
  storage_unavailable: {
    kind: 'unavailable',
    means: 'The object store cannot be used.',
    todo: 'Check that it runs and is reachable.',
  },
  transfer_interrupted: {
    kind: 'unavailable',
    means: 'The transfer was cut off.',
    todo: 'Try again; it continues where it stopped.',
  },
  transfer_refused: {
    kind: 'any',
    means: 'The object store refused the transfer.',
    todo: 'Try again; look at the log of the store.',
  },
  unpack_failed: {
    kind: 'unavailable',
    means: 'The archive could not be unpacked.',
    todo: 'Check the space on the disk.',
  },
  upload_corrupt: {
    kind: 'conflict',
    means: 'The stored bytes are not those that were announced.',
    todo: 'Upload the file again.',
  },
  upload_differs: {
    kind: 'conflict',
    means: 'Another file was announced before under this name.',
    todo: 'Finish or abandon that upload.',
  },
  upload_given_up: { kind: 'conflict', means: 'The upload was abandoned.', todo: 'Begin it again.' },
  upload_incomplete: { kind: 'conflict', means: 'Not all bytes have arrived.', todo: 'Send the missing parts.' },
  upload_not_found: {
    kind: 'not-found',
    means: 'There is no such upload of yours under way.',
    todo: 'Begin it again.',
  },
  url_expired: { kind: 'forbidden', means: 'The signed URL has expired.', todo: 'Ask for a new one.' },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
