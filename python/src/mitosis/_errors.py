"""What goes wrong, as exceptions. The kinds are generated from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MitoError(Exception):
    """An error with the stable `code` of the catalogue, a `kind`, and `details` that may name a field."""

    kind = "unavailable"

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        request: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.request = request

    @property
    def field(self) -> str | None:
        """The field that is wrong, when one is."""
        field = self.details.get("field")
        return field if isinstance(field, str) else None

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.code, self.message, self.details, self.request))


def _rebuild(kind: type[MitoError], code: str, message: str, details: dict[str, Any], request: str | None) -> MitoError:
    return kind(code, message, details=details, request=request)


def invalid_field(field: str, why: str) -> MitoError:
    """The error for a bad argument; it says the same as the coordinator does."""
    from ._generated.kinds import InvalidError

    return InvalidError("invalid_request", f"{field}: {why}", details={"field": field})
