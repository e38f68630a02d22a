"""Makes a function travel: what is sent, and what has to be on the worker."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import pickletools
import platform
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, Union

from ._errors import invalid_field
from ._generated import kinds

Modules = Union[str, Iterable[Union[str, ModuleType]]]
#: Where everything is below `$MITO_RESOURCE_DIR`.
PARTS = "mitosis"
MODULES_MAX = 20_000_000
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)
_lock = threading.Lock()


@dataclass(frozen=True)
class PackedFunction:
    """A function as bytes, with what is read before they are unpickled."""

    name: str
    function: bytes
    packages: dict[str, str]
    #: An archive of local modules, for imports that happen while the function runs.
    modules: bytes | None


def cloudpickle_module() -> Any:
    try:
        import cloudpickle
    except ModuleNotFoundError as error:
        raise kinds.InvalidError(
            "cloudpickle_missing", "Functions need the package cloudpickle: python3 -m pip install cloudpickle"
        ) from error
    return cloudpickle


def python_here() -> list[Any]:
    return [platform.python_implementation(), *sys.version_info[:2]]


def pack(function: Callable[..., Any], sent: list[ModuleType]) -> PackedFunction:
    """Pickles a function. Modules of one's own project travel with it, by value and as files."""
    if not callable(function):
        raise invalid_field("function", f"{function!r} can't be called")
    with by_value(sent):
        try:
            data = cloudpickle_module().dumps(function, protocol=4)
        except Exception as error:
            raise invalid_field("function", f"{function!r} can't be pickled: {error}") from error
    name = getattr(function, "__name__", type(function).__name__)
    return PackedFunction(name, data, packages_in(data), archive_of(sent))


def pickle_args(calls: list[tuple[tuple[Any, ...], dict[str, Any]]], sent: list[ModuleType]) -> bytes:
    with by_value(sent):
        try:
            return cloudpickle_module().dumps(calls, protocol=4)  # type: ignore[no-any-return]
        except Exception as error:
            raise invalid_field("args", f"can't be pickled: {error}") from error


@contextlib.contextmanager
def by_value(modules: list[ModuleType]) -> Iterator[None]:
    cloudpickle = cloudpickle_module()
    with _lock:
        known = set(cloudpickle.list_registry_pickle_by_value())
        added = [module for module in modules if module.__name__ not in known]
        for module in added:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in added:
                cloudpickle.unregister_pickle_by_value(module)


def local_modules(choice: Modules) -> list[ModuleType]:
    """The imported modules that belong to the program: below its folder and not installed."""
    if not isinstance(choice, str):
        return [module if isinstance(module, ModuleType) else _import(module) for module in choice]
    if choice not in ("auto", "none"):
        raise invalid_field("modules", f'"{choice}" is none of auto, none, or a list of modules')
    return [] if choice == "none" else [module for module in list(sys.modules.values()) if _is_local(module)]


def _import(name: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise invalid_field("modules", f"{name} can't be imported: {error}") from error


def _is_local(module: object) -> bool:
    if not isinstance(module, ModuleType) or getattr(module, "__spec__", None) is None:
        return False
    name = module.__name__
    if name.partition(".")[0] in ("__main__", "__mp_main__", "mitosis", "cloudpickle", "conftest"):
        return False
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py") or name not in sys.modules:
        return False
    path = Path(file).resolve()
    if any(part in ("site-packages", "dist-packages") for part in path.parts):
        return False
    return any(_is_below(path, folder) for folder in _own_folders()) and not _is_below(path, _standard_library())


def _own_folders() -> list[Path]:
    folders = [Path.cwd().resolve()]
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if main and not any(part in ("site-packages", "dist-packages", "bin") for part in Path(main).parts):
        folders.append(Path(main).resolve().parent)
    return folders


@lru_cache
def _standard_library() -> Path:
    return Path(sysconfig.get_path("stdlib")).resolve()


def _is_below(path: Path, folder: Path) -> bool:
    return folder in path.parents


def archive_of(modules: list[ModuleType]) -> bytes | None:
    """The files of modules, as an archive that Python imports from; the same bytes for the same files."""
    files: dict[str, Path] = {}
    for module in modules:
        parts = module.__name__.split(".")
        file = Path(module.__file__ or "")
        if file.name == "__init__.py":
            for found in sorted(file.parent.rglob("*.py")):
                inner = found.relative_to(file.parent)
                if "__pycache__" not in inner.parts:
                    files["/".join([*parts, *inner.parts])] = found
        else:
            files["/".join(parts) + ".py"] = file
    return _zip({name: path.read_bytes() for name, path in files.items()}) if files else None


def _zip(files: dict[str, bytes]) -> bytes:
    if sum(map(len, files.values())) > MODULES_MAX:
        raise invalid_field("modules", f"have more than {MODULES_MAX} bytes; name those that are needed")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return buffer.getvalue()


@lru_cache
def runtime() -> bytes:
    """What a worker needs and may not have: the runner, this package, and cloudpickle."""
    files: dict[str, bytes] = {}
    for package in (sys.modules["mitosis"], cloudpickle_module()):
        folder = Path(package.__file__ or "").parent
        for path in sorted(folder.rglob("*.py")):
            if "__pycache__" not in path.parts:
                files["/".join([folder.name, *path.relative_to(folder).parts])] = path.read_bytes()
    files["__main__.py"] = (Path(__file__).parent / "_runner.py").read_bytes()
    return _zip(files)


def packages_in(data: bytes) -> dict[str, str]:
    """The installed packages that a pickle names, with their versions."""
    names = {
        str(argument).partition(".")[0]
        for opcode, argument, _ in pickletools.genops(data)
        if opcode.name in ("SHORT_BINUNICODE", "BINUNICODE") and isinstance(argument, str) and len(argument) < 200
    }
    found: dict[str, str] = {}
    for name in sorted(names & set(sys.modules)):
        for distribution in _distributions().get(name, ()):
            with contextlib.suppress(metadata.PackageNotFoundError):
                found[distribution] = metadata.version(distribution)
    return {name: version for name, version in found.items() if name not in ("cloudpickle", "mitosis-client")}


@lru_cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions()) if hasattr(metadata, "packages_distributions") else {}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def has_cloudpickle() -> bool:
    return importlib.util.find_spec("cloudpickle") is not None


def default_python() -> str:
    """The interpreter that a worker is asked for: the same minor version."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"
