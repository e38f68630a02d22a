"""A whole stack for tests and notebooks: `with Client.local() as client: …`."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._client import Client
from ._errors import MitoError
from ._generated import kinds

START_S = 180.0
STOP_S = 40.0


class LocalStack(Client):
    """A client of a stack of its own, which stops with the `with` block, with `stop()`, or with this program.

    The stack reads from a pipe of this program: when the program ends, even by `kill -9`, the pipe closes and the
    stack stops by itself.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        slots: int | None = None,
        mito: str | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self._folder = tempfile.mkdtemp(prefix="mitosis-local-")
        self._owner = os.getpid()
        self._process = self._start([*find_mito(mito), "up", *arguments], workers, slots)
        try:
            #: What `mito up --json` says: `url`, `data_dir`, `pids`.
            self.ready = self._ready()
            login = self._login()
            super().__init__(login["coordinator"], login["token"], pin=login.get("pin"))
        except BaseException:
            self.stop()
            raise
        #: Its workers are on this machine: functions run with the Python that submits them.
        self.default_python = sys.executable
        atexit.register(self.stop)

    def _start(self, command: list[str], workers: int, slots: int | None) -> subprocess.Popen[bytes]:
        options = ["--ephemeral", "--port", "0", "--json", "--end-with-stdin", "--workers", str(workers)]
        if slots is not None:
            options += ["--slots", str(slots)]
        self._log = open(Path(self._folder) / "up.log", "w+b")  # noqa: SIM115 - closed in stop()
        return subprocess.Popen(
            [*command, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**_own_environment(), "MITO_CONFIG_DIR": self._folder},
            start_new_session=True,
        )

    def _ready(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        late = threading.Timer(START_S, self._process.kill)
        late.daemon = True
        late.start()
        try:
            line = self._process.stdout.readline()
        finally:
            late.cancel()
        try:
            ready: dict[str, Any] = json.loads(line)
        except ValueError:
            self._process.wait()
            raise kinds.UnavailableError(
                "start_failed", f"The local stack did not start: {self._last_words()}"
            ) from None
        return ready

    def _last_words(self) -> str:
        text = (Path(self._folder) / "up.log").read_text("utf-8", "replace").strip()
        return text[-2000:] or "it said nothing"

    def _login(self) -> dict[str, Any]:
        """The stack keeps the login of its administrator where `mito` would; with `--listen` it has the pin."""
        stored = json.loads((Path(self._folder) / "credentials").read_text("utf-8"))
        login: dict[str, Any] = stored["logins"][0]
        return login

    @property
    def pid(self) -> int:
        """Of `mito up`."""
        return self._process.pid

    @property
    def ready_pid(self) -> int:
        """Of the process that has said that the stack is ready: a launcher may stand before it."""
        return int(self.ready.get("pid") or self._process.pid)

    @property
    def config_dir(self) -> str:
        """What `MITO_CONFIG_DIR` has to be for `mito` to talk to this stack."""
        return self._folder

    def stop(self) -> None:
        """Stops the stack: its tasks have ten seconds. Nothing is left of it."""
        if os.getpid() != self._owner:
            return
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            time.sleep(2)
            process.kill()
            process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGTERM)
            raise
        finally:
            if process.stdout is not None:
                process.stdout.close()
            self._log.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            atexit.unregister(self.stop)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.stop()


def _own_environment() -> dict[str, str]:
    """Without settings of `mito` that are meant for another coordinator."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MITO_")}


def find_mito(given: str | None = None) -> list[str]:
    """The `mito` command: what was given, `$MITO_COMMAND`, `PATH`, or the clone that this file is part of."""
    named = given or os.environ.get("MITO_COMMAND")
    if named:
        return [named]
    found = shutil.which("mito")
    if found:
        return [found]
    for folder in Path(__file__).resolve().parents:
        if (folder / "mito").is_file() and (folder / "apps" / "mito").is_dir():
            return [str(folder / "mito")]
    raise not_found()


def not_found() -> MitoError:
    return kinds.InvalidError(
        "mito_not_found",
        "Client.local() needs the `mito` command, which is not in PATH. "
        'Install it, or name it: Client.local(mito="/path/to/mito").',
    )
