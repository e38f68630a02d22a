"""Responses of the API as objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Model:
    """An answer of the API: its fields are attributes; a field that a coordinator does not send yet is None.

    Fields that this version does not know are there, too, so a newer coordinator loses nothing.
    """

    __slots__ = ("_data",)
    nested: ClassVar[dict[str, tuple[str, type[Any]]]] = {}

    def __init__(self, data: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_data", dict(data))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        field = name[:-1] if name.endswith("_") else name
        data: dict[str, Any] = object.__getattribute__(self, "_data")
        if field not in data:
            if field in type(self).__annotations__:
                return None
            raise AttributeError(f"{type(self).__name__} has no field {field!r}; it has {', '.join(sorted(data))}")
        return self._open(field, data[field])

    def _open(self, field: str, value: Any) -> Any:
        shape = type(self).nested.get(field)
        if shape is None or value is None:
            return value
        how, model = shape
        if how == "list":
            return [model(item) for item in value]
        if how == "dict":
            return {key: model(item) for key, item in value.items()}
        return model(value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is an answer; {name!r} can't be set")

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def to_dict(self) -> dict[str, Any]:
        """The answer as it came."""
        return dict(self._data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and type(self) is type(other) and self._data == other._data

    def __hash__(self) -> int:
        return hash((type(self), str(self._data.get("uuid")), str(self._data.get("name"))))

    def __repr__(self) -> str:
        named = ", ".join(f"{key}={value!r}" for key, value in list(self._data.items())[:6])
        return f"{type(self).__name__}({named}{', …' if len(self._data) > 6 else ''})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._data,))
