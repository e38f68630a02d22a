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
