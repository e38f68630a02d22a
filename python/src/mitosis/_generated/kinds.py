# Made by tools/reference.mjs; do not edit.
"""One exception for each kind of error. The `code` of an error is in docs/reference/errors.md."""

from __future__ import annotations

from .._errors import MitoError


class InvalidError(MitoError):
    """An error of the kind `invalid`."""

    kind = "invalid"


class UnauthenticatedError(MitoError):
    """An error of the kind `unauthenticated`."""

    kind = "unauthenticated"


class ForbiddenError(MitoError):
    """An error of the kind `forbidden`."""

    kind = "forbidden"


class NotFoundError(MitoError):
    """An error of the kind `not-found`."""

    kind = "not-found"


class TimeoutError(MitoError):
    """An error of the kind `timeout`."""

    kind = "timeout"


class ConflictError(MitoError):
    """An error of the kind `conflict`."""

    kind = "conflict"


class TooLargeError(MitoError):
    """An error of the kind `too-large`."""

    kind = "too-large"


class UnsupportedError(MitoError):
    """An error of the kind `unsupported`."""

    kind = "unsupported"


class RateLimitedError(MitoError):
    """An error of the kind `rate-limited`."""

    kind = "rate-limited"


class UnavailableError(MitoError):
    """An error of the kind `unavailable`."""

    kind = "unavailable"


OF_STATUS: dict[int, type[MitoError]] = {
    400: InvalidError,
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    408: TimeoutError,
    409: ConflictError,
    413: TooLargeError,
    415: UnsupportedError,
    429: RateLimitedError,
    503: UnavailableError,
}
#: Of an error that comes without a status, at the end of a stream.
OF_CODE: dict[str, type[MitoError]] = {
    "unknown_worker": UnauthenticatedError,
    "worker_name_taken": ConflictError,
    "admin_exists": ConflictError,
    "admin_required": ForbiddenError,
    "body_too_large": TooLargeError,
    "body_too_slow": TimeoutError,
    "client_gone": UnavailableError,
    "creator_gone": ForbiddenError,
    "enrolment_not_found": NotFoundError,
    "group_busy": ConflictError,
    "group_locked": ConflictError,
    "group_not_found": NotFoundError,
    "group_quota": ConflictError,
    "invalid_code": UnauthenticatedError,
    "invalid_request": InvalidError,
    "invalid_token": UnauthenticatedError,
    "last_admin": ConflictError,
    "last_group_admin": ConflictError,
    "last_worker_admin": ConflictError,
    "login_required": ForbiddenError,
    "member_not_found": NotFoundError,
    "name_taken": ConflictError,
    "no_administrator": ConflictError,
    "no_such_login": NotFoundError,
    "no_such_route": NotFoundError,
    "not_allowed": ForbiddenError,
    "not_for_consumers": ForbiddenError,
    "not_logged_in": UnauthenticatedError,
    "own_group": ConflictError,
    "passwords_busy": UnavailableError,
    "passwords_differ": InvalidError,
    "role_required": ForbiddenError,
    "token_not_found": NotFoundError,
    "too_many_attempts": RateLimitedError,
    "too_many_requests": RateLimitedError,
    "too_many_tokens": ConflictError,
    "too_many_tests": RateLimitedError,
    "too_many_workers": ConflictError,
    "no_receiver": InvalidError,
    "receiver_exists": ConflictError,
    "receiver_not_found": NotFoundError,
    "too_many_receivers": ConflictError,
    "unsupported_encoding": UnsupportedError,
    "user_not_found": NotFoundError,
    "worker_gone": ConflictError,
    "worker_not_found": NotFoundError,
    "wrong_credentials": UnauthenticatedError,
    "wrong_csrf_token": ForbiddenError,
    "code_not_found": NotFoundError,
    "code_refused": InvalidError,
    "code_not_placed": UnavailableError,
    "git_failed": InvalidError,
    "git_missing": InvalidError,
    "workdir_changed": ConflictError,
    "workdir_too_large": TooLargeError,
    "workdir_unreadable": InvalidError,
    "workdir_unsendable": InvalidError,
    "search_too_costly": TooLargeError,
    "attempt_called_off": ConflictError,
    "attempt_not_found": NotFoundError,
    "dependency_cycle": InvalidError,
    "idempotency_key_reused": ConflictError,
    "input_gap": ConflictError,
    "invalid_experiment": InvalidError,
    "invalid_new_task": InvalidError,
    "impossible_request": ConflictError,
    "job_closed": ConflictError,
    "job_not_found": NotFoundError,
    "needs_two_workers": ConflictError,
    "no_definition": NotFoundError,
    "no_terminal": ConflictError,
    "not_running": ConflictError,
    "output_gone": NotFoundError,
    "output_not_kept": UnavailableError,
    "queued_tasks_quota": ConflictError,
    "report_postponed": UnavailableError,
    "report_refused": InvalidError,
    "report_unwritable": InvalidError,
    "stale_attempt": ConflictError,
    "step_timed_out": UnavailableError,
    "task_not_found": NotFoundError,
    "task_started": ConflictError,
    "terminal_busy": UnavailableError,
    "terminal_ended": ConflictError,
    "workload_not_found": NotFoundError,
    "count_changed": ConflictError,
    "rerun_too_large": TooLargeError,
    "schedule_exists": ConflictError,
    "schedule_not_found": NotFoundError,
    "schedule_owner_gone": ForbiddenError,
    "secret_not_found": NotFoundError,
    "secret_unreadable": ConflictError,
    "archive_refused": InvalidError,
    "archive_too_large": TooLargeError,
    "artifact_not_found": NotFoundError,
    "attachment_not_found": NotFoundError,
    "checkpoint_damaged": ConflictError,
    "checkpoint_not_found": NotFoundError,
    "checksum_mismatch": ConflictError,
    "file_changed": ConflictError,
    "file_too_large": TooLargeError,
    "file_unreadable": InvalidError,
    "folder_empty": InvalidError,
    "folder_too_large": TooLargeError,
    "input_replaced": ConflictError,
    "input_unreadable": UnavailableError,
    "inputs_timeout": UnavailableError,
    "invalid_signature": ForbiddenError,
    "is_folder": InvalidError,
    "no_parts": ConflictError,
    "not_a_file": InvalidError,
    "not_in_archive": NotFoundError,
    "not_utf8": InvalidError,
    "not_written": InvalidError,
    "object_changed": ConflictError,
    "object_exists": ConflictError,
    "object_not_found": NotFoundError,
    "object_too_large": TooLargeError,
    "pack_failed": UnavailableError,
    "part_not_running": UnavailableError,
    "range_not_satisfiable": InvalidError,
    "resource_not_found": NotFoundError,
    "results_too_large": TooLargeError,
    "size_mismatch": InvalidError,
    "storage_denied": UnavailableError,
    "storage_full": UnavailableError,
    "storage_quota_exceeded": TooLargeError,
    "storage_unavailable": UnavailableError,
    "transfer_interrupted": UnavailableError,
    "unpack_failed": UnavailableError,
    "upload_corrupt": ConflictError,
    "upload_differs": ConflictError,
    "upload_given_up": ConflictError,
    "upload_incomplete": ConflictError,
    "upload_not_found": NotFoundError,
    "url_expired": ForbiddenError,
    "bad_cwd": InvalidError,
    "cancelled": InvalidError,
    "environment_failed": UnavailableError,
    "execution_ended": ConflictError,
    "executor_stopped": UnavailableError,
    "hook_failed": UnavailableError,
    "command_not_started": InvalidError,
    "outside_folders": InvalidError,
    "path_not_found": NotFoundError,
    "port_closed": ConflictError,
    "stream_lost": UnavailableError,
    "task_ended": ConflictError,
    "too_many_streams": ConflictError,
    "upgrade_required": InvalidError,
    "worker_away": ConflictError,
    "no_guests": ConflictError,
    "invalid_delivery": InvalidError,
    "invalid_execution_id": InvalidError,
    "invalid_message": InvalidError,
    "invalid_offset": InvalidError,
    "invalid_output_frame": InvalidError,
    "invalid_queue_name": InvalidError,
    "message_too_large": TooLargeError,
    "not_built": UnavailableError,
    "not_in_a_task": InvalidError,
    "program_in_use": ConflictError,
    "program_mismatch": InvalidError,
    "program_not_found": NotFoundError,
    "program_unreadable": UnavailableError,
    "queue_access_denied": ForbiddenError,
    "queue_refuses": UnavailableError,
    "queue_server_unsuitable": UnavailableError,
    "queue_unavailable": UnavailableError,
    "sandbox_stopped": UnavailableError,
    "sandbox_unavailable": UnavailableError,
    "scratch_in_use": ConflictError,
    "scratch_not_removed": UnavailableError,
    "scratch_unavailable": UnavailableError,
    "wasm_forbidden_import": InvalidError,
    "wasm_invalid": InvalidError,
    "wasm_limit_exceeded": InvalidError,
    "wasm_malformed": InvalidError,
    "wasm_memory": InvalidError,
    "wasm_missing_export": InvalidError,
    "wasm_too_large": InvalidError,
    "limits_not_enforced": ConflictError,
    "work_dir_in_use": ConflictError,
    "identity_damaged": InvalidError,
    "address_unusable": InvalidError,
    "another_key": UnauthenticatedError,
    "already_running": ConflictError,
    "config_not_found": InvalidError,
    "coordinator_unreachable": UnavailableError,
    "data_dir_in_use": ConflictError,
    "data_dir_unreachable": InvalidError,
    "data_dir_unusable": InvalidError,
    "database_pooled": InvalidError,
    "database_unavailable": UnavailableError,
    "disk_failed": ConflictError,
    "disk_full": ConflictError,
    "file_busy": ConflictError,
    "file_exists": InvalidError,
    "file_not_found": InvalidError,
    "folder_not_empty": InvalidError,
    "invalid_config": InvalidError,
    "invalid_path": InvalidError,
    "method_not_allowed": InvalidError,
    "missing_answer": InvalidError,
    "missing_setting": InvalidError,
    "name_too_long": InvalidError,
    "no_permission": InvalidError,
    "no_server_user": UnavailableError,
    "no_such_worker": NotFoundError,
    "not_a_folder": InvalidError,
    "not_a_coordinator": InvalidError,
    "not_from_afar": InvalidError,
    "not_writable": InvalidError,
    "out_of_memory": ConflictError,
    "port_in_use": ConflictError,
    "postgres_binaries_missing": UnavailableError,
    "postgres_binaries_unusable": UnavailableError,
    "postgres_init_failed": UnavailableError,
    "postgres_leftover": UnavailableError,
    "postgres_password_missing": UnavailableError,
    "postgres_start_failed": UnavailableError,
    "postgres_version_mismatch": ConflictError,
    "reader_gone": ConflictError,
    "schema_newer": ConflictError,
    "start_failed": UnavailableError,
    "stopped": ConflictError,
    "too_many_files": ConflictError,
    "too_many_processes": ConflictError,
    "no_join_address": InvalidError,
    "no_systemd": UnsupportedError,
    "not_here": InvalidError,
    "unit_failed": UnavailableError,
}
