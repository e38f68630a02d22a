"""Runs on a worker: calls a function that travelled with its task. Needs nothing but the standard library.

Standard input has one line of JSON, then the bytes that it announces. What is to be known before anything is
unpickled (versions of Python and of packages) is in that line. Results are written to `$MITO_RESULT_DIR`, each by
itself, with a signature that only the submitter can check.
"""

from __future__ import annotations

import atexit
import hashlib
import hmac
import json
import os
import pickle
import platform
import socket
import sys
import traceback
from typing import Any

RESULT = "mitosis-result.json"
PICKLES = "mitosis-result.pkl"
TEXT_MAX = 100_000


def main() -> None:
    line = sys.stdin.buffer.readline()
    order = json.loads(line)
    parts = {name: _part(order[name], order["parts"]) for name in ("function", "args")}
    folder = os.environ["MITO_RESULT_DIR"]
    chunk = Chunk(order, parts, folder)
    differences = chunk.differences()
    fatal = _python_differs(order["python"])
    for difference in differences:
        print(f"mitosis: {difference}", file=sys.stderr)
    if fatal is not None:
        items = [_failure("VersionMismatch", fatal, "")] * order["count"]
        open(os.path.join(folder, PICKLES), "wb").close()
    else:
        items = chunk.run()
    chunk.write(items, differences)
    failed = [item for item in items if not item["ok"]]
    for item in failed[:5]:
        print(item["traceback"] or item["text"], file=sys.stderr)
    # What libraries have to do at the end is done; a thread that somebody has left behind is not waited for.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if failed else 0)


def _part(where: Any, parts: str) -> bytes:
    """Bytes that follow on standard input, or a file that is named by its content."""
    if isinstance(where, int):
        return sys.stdin.buffer.read(where)
    with open(os.path.join(os.environ["MITO_RESOURCE_DIR"], parts, where), "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != where:
        sys.exit(f"mitosis: the input {where} is not what was submitted")
    return data


def _python_differs(wanted: list[Any]) -> str | None:
    here = [platform.python_implementation(), *sys.version_info[:2]]
    if here == wanted:
        return None
    return (
        f"The function was made with {wanted[0]} {wanted[1]}.{wanted[2]} and the worker {socket.gethostname()} has "
        f"{here[0]} {here[1]}.{here[2]} as {sys.executable}. Both need the same: install it there, or name one "
        f'with python="/path/to/python{wanted[1]}.{wanted[2]}".'
    )


class Chunk:
    """The calls of one task."""

    def __init__(self, order: dict[str, Any], parts: dict[str, bytes], folder: str) -> None:
        self.order = order
        self.parts = parts
        self.folder = folder

    def differences(self) -> list[str]:
        """Packages that the function uses and that are other ones here, or none."""
        from importlib import metadata

        found = []
        for name, wanted in self.order["packages"].items():
            try:
                here = metadata.version(name)
            except metadata.PackageNotFoundError:
                found.append(
                    f"{name} {wanted} is used by the function and missing on the worker {socket.gethostname()}"
                )
                continue
            if here != wanted:
                found.append(f"{name} is {wanted} at the submitter and {here} on the worker {socket.gethostname()}")
        return found

    def run(self) -> list[dict[str, Any]]:
        """Each call by itself: one that ends the process loses only itself."""
        count = self.order["count"]
        items: list[dict[str, Any]] = []
        open(os.path.join(self.folder, PICKLES), "wb").close()
        if count == 1:
            self.call_from(0, items.append)
            return items
        while len(items) < count:
            items += self._in_child(len(items))
        return items

    def _in_child(self, start: int) -> list[dict[str, Any]]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w", buffering=1) as out:
                self.call_from(start, lambda item: out.write(json.dumps(item) + "\n") and None)
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(0)
        os.close(writing)
        items = []
        with os.fdopen(reading) as lines:
            for line in lines:
                if line.endswith("\n"):
                    items.append(json.loads(line))
        status = os.waitpid(child, 0)[1]
        if start + len(items) < self.order["count"]:
            how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit code {os.WEXITSTATUS(status)}"
            items.append(_failure("ProcessEnded", f"The call ended its process with {how}.", ""))
        return items

    def call_from(self, start: int, done: Any) -> None:
        count = self.order["count"]
        try:
            self._add_modules()
            function = pickle.loads(self.parts["function"])
            calls = pickle.loads(self.parts["args"])
        except BaseException as error:
            for _ in range(start, count):
                done(self._failed(error))
            return
        for args, kwargs in calls[start:]:
            try:
                value = function(*args, **kwargs)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                done(self._failed(error))
            else:
                done(self._succeeded(value))

    def _add_modules(self) -> None:
        modules = self.order.get("modules")
        if modules is not None:
            sys.path.append(os.path.join(os.environ["MITO_RESOURCE_DIR"], self.order["parts"], modules))

    def _succeeded(self, value: Any) -> dict[str, Any]:
        try:
            return {"ok": True, **self._keep(value)}
        except BaseException as error:
            text = f"The result, a {type(value).__name__}, can't be pickled: {error}"
            return _failure("ResultNotPickled", text, _text_of(error))

    def _failed(self, error: BaseException) -> dict[str, Any]:
        text = str(error)
        if isinstance(error, ModuleNotFoundError):
            text += (
                f" on the worker {socket.gethostname()} ({sys.executable}). Install it there, "
                f'or send it along: modules=["{(error.name or "name").partition(".")[0]}"].'
            )
        item = _failure(f"{type(error).__module__}.{type(error).__qualname__}", text, _text_of(error))
        if isinstance(error, ModuleNotFoundError):
            return item
        try:
            # Loaded once as a trial: an exception that pickles may not unpickle.
            pickle.loads(_dumps(error))
            item.update(self._keep(error))
        except BaseException:
            pass
        return item

    def _keep(self, value: Any) -> dict[str, Any]:
        data = _dumps(value)
        with open(os.path.join(self.folder, PICKLES), "ab") as file:
            offset = file.seek(0, 2)
            file.write(data)
        return {"offset": offset, "size": len(data)}

    def write(self, items: list[dict[str, Any]], differences: list[str]) -> None:
        digest = hashlib.sha256()
        with open(os.path.join(self.folder, PICKLES), "rb") as file:
            while True:
                piece = file.read(1_048_576)
                if not piece:
                    break
                digest.update(piece)
        result = {
            "format": 1,
            "python": [platform.python_implementation(), *sys.version_info[:2]],
            "host": socket.gethostname(),
            "task": os.environ.get("MITO_TASK_UUID"),
            "attempt": int(os.environ.get("MITO_TASK_ATTEMPT", "0")),
            "differences": differences,
            "packages": loaded_packages(),
            "items": items,
            "pickles_sha256": digest.hexdigest(),
        }
        text = json.dumps(result, sort_keys=True)
        signature = hmac.new(bytes.fromhex(self.order["key"]), text.encode(), "sha256").hexdigest()
        with open(os.path.join(self.folder, RESULT), "w") as out:
            out.write(f"{signature}\n{text}")


def loaded_packages() -> dict[str, str]:
    """The versions of what was imported: a result that can't be loaded elsewhere may be of another one."""
    found = {}
    for name, module in list(sys.modules.items()):
        if "." in name or name.startswith("_"):
            continue
        version = getattr(module, "__version__", None)
        if isinstance(version, str) and len(version) < 100 and name not in sys.stdlib_module_names:
            found[name] = version
    return found


def _dumps(value: Any) -> bytes:
    import cloudpickle

    return cloudpickle.dumps(value, protocol=4)  # type: ignore[no-any-return]


def _text_of(error: BaseException) -> str:
    try:
        trace = error.__traceback__
        # The frames of this file say nothing to the submitter.
        while trace is not None and trace.tb_frame.f_globals is globals():
            trace = trace.tb_next
        return "".join(traceback.format_exception(type(error), error, trace))[-TEXT_MAX:]
    except BaseException:
        return f"{type(error).__name__}: its traceback can't be shown"


def _failure(kind: str, text: str, trace: str) -> dict[str, Any]:
    return {"ok": False, "type": kind, "text": text[:TEXT_MAX], "traceback": trace}


__all__: tuple[str, ...] = ("main",)

if __name__ == "__main__":
    main()
