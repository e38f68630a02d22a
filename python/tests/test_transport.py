"""Requests against a server that misbehaves."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mitosis import Client, InvalidError, MitoError, UnauthenticatedError, UnavailableError
from mitosis._cancel import Cancelled, Scope, scoped

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


@contextmanager
def server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        do_GET = do_POST = do_PUT = handle_any

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{listening.server_address[1]}"
    finally:
        listening.shutdown()
        listening.server_close()


def say(handler: BaseHTTPRequestHandler, body: Any, status: int = 200) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def test_a_lost_answer_never_makes_two_tasks() -> None:
    """Every second request is carried out and its answer lost."""
    tasks: dict[str, str] = {}
    count = [0]

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        uuid = tasks.setdefault(handler.headers["Idempotency-Key"], f"task-{len(tasks)}")
        count[0] += 1
        if count[0] % 2 == 1:
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        say(handler, {"uuid": uuid, "state": "ready"}, 201)

    with server(answer) as url:
        client = Client(url, "token")
        submitted = [client.submit("true").uuid for _ in range(20)]
    assert submitted == [f"task-{number}" for number in range(20)]
    assert count[0] == 40


def test_a_request_without_a_key_is_not_sent_twice() -> None:
    count = [0]

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        count[0] += 1
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    with server(answer) as url, pytest.raises(UnavailableError):
        Client(url, "token").admin.create_token("x")
    assert count[0] == 1


def test_errors_have_the_code_and_the_kind_of_the_catalogue() -> None:
    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        status = int(handler.path.rsplit("/", 1)[1])
        say(handler, {"error": {"code": "a_code", "message": "why", "details": {"field": "f"}}}, status)

    kinds = {400: "invalid", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 409: "conflict"}
    with server(answer) as url:
        client = Client(url, "token", patience=0)
        for status, kind in {**kinds, 413: "too-large", 429: "rate-limited", 503: "unavailable"}.items():
            with pytest.raises(MitoError) as caught:
                client.api.tasks_get(str(status))
            assert (caught.value.code, caught.value.kind, caught.value.field) == ("a_code", kind, "f")


def test_an_answer_that_is_no_json_of_ours_is_an_error_with_its_status() -> None:
    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(502)
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        handler.wfile.write(b"<ht>")

    with server(answer) as url, pytest.raises(UnavailableError, match="answered 502") as caught:
        Client(url, "token", patience=0).identity()
    assert caught.value.code == "unexpected_answer"


def test_nobody_listening_says_where_and_why() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UnavailableError, match=f"the coordinator at {url} can't be reached"):
            Client(url, "token", patience=0).identity()


def test_cancellation_wakes_what_waits_for_an_answer() -> None:
    begun, end = threading.Event(), threading.Event()

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        begun.set()
        end.wait(60)
        handler.close_connection = True

    with server(answer) as url:
        client = Client(url, "token")
        scope = Scope()
        outcome: list[object] = []

        def work() -> None:
            try:
                with scoped(scope):
                    client.identity()
            except Cancelled:
                outcome.append("cancelled")

        thread = threading.Thread(target=work)
        thread.start()
        assert begun.wait(30)
        scope.cancel()
        thread.join(30)
        end.set()
    assert outcome == ["cancelled"]


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    connections = set()

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        connections.add(handler.client_address)
        say(handler, {"username": "ada"})
        if len(connections) == 1:
            handler.close_connection = True

    with server(answer) as url:
        client = Client(url, "token")
        client.identity()
        deadline = time.monotonic() + 30
        while len(connections) < 2 and time.monotonic() < deadline:
            client.identity()
    assert len(connections) == 2


def test_a_forked_process_has_connections_of_its_own() -> None:
    peers = []

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        peers.append(handler.client_address)
        say(handler, {"username": "ada"})

    with server(answer) as url:
        client = Client(url, "token")
        client.identity()
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if client.identity().username == "ada" else 1)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        client.identity()
    assert peers[1] not in (peers[0], peers[2])


def openssl(*words: str) -> bytes:
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


def certificate_in(folder: Path, name: str, *key: str, reuse: str | None = None) -> tuple[str, str]:
    """A certificate and its key, a new one or `reuse`."""
    file, keys = str(folder / f"{name}.pem"), reuse or str(folder / f"{name}.key")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-out", file]
    made = ["-key", keys] if reuse else ["-newkey", *(key or ["rsa:2048"]), "-nodes", "-keyout", keys]
    openssl("req", "-x509", *made, *names)
    return file, keys


def serving(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def pin_by_openssl(certificate: str, folder: Path) -> str:
    (folder / "public.pem").write_bytes(openssl("x509", "-in", certificate, "-pubkey", "-noout"))
    der = openssl("pkey", "-pubin", "-in", str(folder / "public.pem"), "-outform", "der")
    return f"sha256//{base64.b64encode(hashlib.sha256(der).digest()).decode()}"


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")


@needs_openssl
def test_a_certificate_authority_of_ones_own_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    certificate, key = certificate_in(tmp_path, "own")
    with server(lambda handler, _: say(handler, {"username": "ada"}), serving(certificate, key)) as url:
        assert Client(url, "token", ca=certificate).identity().username == "ada"
        with pytest.raises(UnavailableError, match="certificate"):
            Client(url, "token", patience=0).identity()
    with pytest.raises(InvalidError, match="ca: "):
        Client(url, "token", ca=str(tmp_path / "none.pem")).identity()


@needs_openssl
@pytest.mark.parametrize("kind", [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], ["ed25519"]])
def test_a_pin_is_the_public_key_and_nothing_else(
    kind: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        seen.append(handler.path)
        say(handler, {"username": "ada"})

    first, key = certificate_in(tmp_path, "first", *kind)
    renewed, _ = certificate_in(tmp_path, "renewed", reuse=key)
    other, other_key = certificate_in(tmp_path, "other")
    pin = pin_by_openssl(first, tmp_path)
    for certificate in (first, renewed):
        with server(answer, serving(certificate, key)) as url:
            assert Client(url, "token", pin=pin).identity().username == "ada"
    # The right key behind a wrong leaf proves nothing.
    (tmp_path / "bundle.pem").write_text(Path(other).read_text() + Path(first).read_text())
    for certificate in (other, str(tmp_path / "bundle.pem")):
        with server(answer, serving(certificate, other_key)) as url:
            with pytest.raises(UnauthenticatedError, match="has another key") as caught:
                Client(url, "token", pin=pin).identity()
            assert caught.value.code == "another_key"
            with pytest.raises(UnauthenticatedError, match="has another key"):
                Client(url, "token", pin=pin).task("a").exec("true")
    assert seen == ["/auth", "/auth"], "nothing was sent to whoever has another key"
    # The pin of the login, and of the environment.
    with server(answer, serving(first, key)) as url:
        login = {"coordinator": url, "user": "ada", "token": "t", "expires_at": "2999-01-01T00:00:00Z", "pin": pin}
        (tmp_path / "credentials").write_text(json.dumps({"logins": [login]}))
        monkeypatch.setenv("MITO_CONFIG_DIR", str(tmp_path))
        assert Client(url).identity().username == "ada"
        monkeypatch.setenv("MITO_PIN", pin_by_openssl(other, tmp_path))
        with pytest.raises(UnauthenticatedError, match="has another key"):
            Client(url).identity()
    for wrong, address in (("sha256//short", "https://lab"), (pin, "http://lab"), ("", "https://lab")):
        with pytest.raises(InvalidError, match="pin: "):
            Client(address, "token", pin=wrong)


def test_a_proxy_gets_whole_urls_and_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        seen.append((handler.path, handler.headers["Proxy-Authorization"]))
        say(handler, {"username": "ada"})

    with server(answer) as url:
        monkeypatch.setenv("http_proxy", url.replace("http://", "http://me:pw@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        Client("http://lab.invalid/mito", "token").identity()
    assert seen == [("http://lab.invalid/mito/auth", "Basic bWU6cHc=")]
