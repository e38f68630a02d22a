"""Rules without a coordinator: parameters, durations, proxies, addresses, streams, metrics."""

from __future__ import annotations

import json
import math
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import mitosis
from mitosis import InvalidError, Metrics
from mitosis._placeholders import combinations, fill, fill_args
from mitosis._proxy import is_excluded, proxy_for
from mitosis._settings import check_address, load_settings
from mitosis._sse import FrameReader, events_of
from mitosis._transport import path_part, query_string
from mitosis._units import duration_ms


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("2h", 7_200_000),
        ("1h30m", 5_400_000),
        ("500ms", 500),
        (90, 90_000),
        (0.5, 500),
        (timedelta(days=1), 86_400_000),
    ],
)
def test_durations_are_text_with_units_seconds_or_timedeltas(value: object, ms: int) -> None:
    assert duration_ms(value, "timeout") == ms  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["", "5", "2 hours", "-1s", 0, -5, math.nan, math.inf, True])
def test_what_is_no_duration_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidError, match=r"^timeout: ") as caught:
        duration_ms(value, "timeout")  # type: ignore[arg-type]
    assert caught.value.field == "timeout"
    assert caught.value.code == "invalid_request"


def test_needs_are_sizes_and_numbers() -> None:
    from mitosis._spec import need_of

    need = need_of({"cpus": 4, "mem": "16GiB", "gpus": "2:a100", "disk": 5, "timeout": "5m"})
    assert need == {"cpus": 4, "mem_bytes": 16 * 2**30, "gpus": 2, "gpu_model": "a100", "disk_bytes": 5}
    for wrong in ({"mem": "much"}, {"mem": 1.5}, {"mem": -1}, {"gpus": "a100"}, {"mem": "1e9"}, {"mem": True}):
        with pytest.raises(InvalidError):
            need_of(wrong)


def test_every_combination_the_last_changing_fastest() -> None:
    assert combinations({"lr": [0.1, 0.01], "seed": range(2)}) == [
        {"lr": 0.1, "seed": 0},
        {"lr": 0.1, "seed": 1},
        {"lr": 0.01, "seed": 0},
        {"lr": 0.01, "seed": 1},
    ]


@pytest.mark.parametrize(
    "axes",
    [{"a": []}, {"a": [1, 1]}, {"a-b": [1]}, {"a": [1], "A": [2]}, {"a": [None]}, {"a": range(2000), "b": range(2000)}],
)
def test_axes_that_make_no_sweep_are_refused(axes: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        combinations(axes)  # type: ignore[arg-type]


def test_numbers_that_json_cannot_carry_travel_as_text() -> None:
    assert combinations({"a": [2**53 + 1, math.inf]}) == [{"a": str(2**53 + 1)}, {"a": "inf"}]


def test_placeholders_are_filled_and_escaped_ones_stay() -> None:
    assert fill("{a}-{{a}}-${a}-{b c}", {"a": 1.0}, "x") == "1-{a}-${a}-{b c}"
    with pytest.raises(InvalidError, match=r"\{c\} is not a parameter: there is \{a\}"):
        fill("{c}", {"a": 1}, "the command")


@pytest.mark.parametrize("value", ["a b", "$(touch /tmp/x)", "'; echo hi; '", '"', "`id`", "\\", "*", "", "a\nb"])
@pytest.mark.parametrize("line", ["printf %s {x}", 'printf %s "{x}"', "printf %s '{x}'"])
def test_a_shell_passes_a_value_on_as_one_word(value: str, line: str) -> None:
    args = fill_args(["/bin/sh", "-c", line], {"x": value})
    done = subprocess.run(args, env={"MITO_PARAM_X": value, "PATH": "/usr/bin:/bin"}, capture_output=True, check=True)
    assert done.stdout.decode() == value


@pytest.mark.parametrize(
    ("no_proxy", "url", "excluded"),
    [
        ("*", "http://a", True),
        (".lab", "http://x.lab", True),
        ("lab", "http://x.lab", True),
        ("lab", "http://xlab", False),
        ("LAB:5000", "http://lab:5000", True),
        ("lab:5000", "http://lab:5001", False),
        ("10.0.0.0/8", "http://10.1.2.3:5000", True),
        ("10.0.0.0/8", "http://11.1.2.3:5000", False),
        ("[::1]", "http://[::1]:5000", True),
        ("a, b", "http://b", True),
        ("", "http://b", False),
    ],
)
def test_no_proxy_names_hosts_ports_and_networks(no_proxy: str, url: str, excluded: bool) -> None:
    assert is_excluded(urlsplit(url), no_proxy) is excluded


def test_a_proxy_never_shows_its_password() -> None:
    proxy = proxy_for(urlsplit("https://a"), {"HTTPS_PROXY": "http://me:secret@proxy:3128"})
    assert proxy is not None
    assert (proxy.host, proxy.port) == ("proxy", 3128)
    assert "secret" not in repr(proxy)
    with pytest.raises(InvalidError) as caught:
        proxy_for(urlsplit("https://a"), {"https_proxy": "socks5://me:secret@proxy"})
    assert "secret" not in str(caught.value)
    assert proxy_for(urlsplit("https://a"), {"http_proxy": "http://proxy"}) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" HTTPS://Lab.Example:443/mito/ ", "https://lab.example/mito"), ("http://[::1]:5000", "http://[::1]:5000")],
)
def test_addresses_are_kept_as_the_command_keeps_them(typed: str, kept: str) -> None:
    assert check_address(typed) == kept


@pytest.mark.parametrize("typed", ["lab:5000", "ftp://lab", "", "http://a:b@lab", "http://lab/?x", "http://lab#x"])
def test_bad_addresses_are_refused(typed: str) -> None:
    with pytest.raises(InvalidError, match=r"^coordinator_addr: "):
        check_address(typed)


def test_the_login_of_the_command_is_found_and_not_after_logout_or_expiry(tmp_path: Path) -> None:
    login = {"coordinator": "http://lab:5000/", "user": "ada", "token": "t", "expires_at": "2999-01-01T00:00:00.000Z"}
    env = {"MITO_CONFIG_DIR": str(tmp_path), "MITO_COORDINATOR_ADDR": "http://lab:5000"}

    def token_with(**stored: object) -> str | None:
        (tmp_path / "credentials").write_text(json.dumps(stored))
        return load_settings(None, None, None, None, env).token

    assert token_with(logins=[login], nobody_at=[]) == "t"
    assert token_with(logins=[login], nobody_at=["http://lab:5000"]) is None
    assert token_with(logins=[{**login, "expires_at": "2020-01-01T00:00:00Z"}], nobody_at=[]) is None
    (tmp_path / "credentials").write_text("not json")
    assert load_settings(None, None, None, None, env).token is None
    assert load_settings(None, None, None, None, {**env, "MITO_TOKEN": "mine"}).token == "mine"


def test_the_configuration_file_of_the_command_counts(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[client]\ncoordinator_addr = "http://lab:7000"\ngroup = "g"\n[worker]\n')
    settings = load_settings(None, None, None, None, {"MITO_CONFIG_DIR": str(tmp_path)})
    assert (settings.url, settings.group) == ("http://lab:7000", "g")


@pytest.mark.parametrize("values", [{"state": []}, {"state": ["a", ""]}, {"tags": ["a,b"]}, {"name": " "}])
def test_an_empty_condition_never_selects_everything(values: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        query_string(values)  # type: ignore[arg-type]


def test_conditions_become_text() -> None:
    values = {"state": ["failed", "ready"], "all": True, "limit": 5, "x": None}
    assert query_string(values) == "state=failed%2Cready&all=true&limit=5"
    assert path_part("a/b") == "a%2Fb"
    for name in ("", "..", " "):
        with pytest.raises(InvalidError):
            path_part(name)


def test_events_and_frames_however_they_are_cut() -> None:
    raw = "id: 1:9\nevent: output\ndata: é\n\n: comment\n\nevent: end\ndata: x\n\n".encode()
    for size in range(1, len(raw)):
        pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
        events = list(events_of(pieces))
        assert [(event.id, event.event, event.data) for event in events] == [("1:9", "output", "é"), (None, "end", "x")]
    frames = b"".join(bytes([kind, 0, 0, 0]) + len(text).to_bytes(4, "big") + text for kind, text in FRAMES)
    for size in range(1, len(frames)):
        reader = FrameReader(1)
        pieces = [frames[at : at + size] for at in range(0, len(frames), size)]
        found = [piece for chunk in pieces for piece in reader.push(chunk)]
        assert "".join(piece.text for piece in found if piece.stream == "stdout") == "aé"
        assert "".join(piece.text for piece in reader.end()) == "�"


FRAMES = [(1, b"a\xc3"), (2, b"err"), (1, b"\xa9"), (2, b"\xe2\x82")]


def test_damaged_frames_are_an_error() -> None:
    with pytest.raises(InvalidError, match="damaged"):
        list(FrameReader(1).push(b"\x09\0\0\0\0\0\0\0"))


def test_metrics_are_columns() -> None:
    metrics = Metrics([{"loss": 3, "step": 1}, {"loss": 1}, {"loss": "NaN"}])
    assert metrics["loss"][:2] == [3, 1]
    assert math.isnan(metrics["loss"].last)
    assert metrics["step"].min() == 1
    with pytest.raises(KeyError, match="there is loss, step"):
        metrics["acc"]


def test_report_writes_rows_inside_a_task_and_nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MITO_RESULT_DIR", raising=False)
    mitosis.report(loss=1)
    mitosis.progress(0.5)
    monkeypatch.setenv("MITO_RESULT_DIR", str(tmp_path))
    monkeypatch.setenv("MITO_PROGRESS", str(tmp_path / "progress"))
    mitosis.report(step=1, loss=math.nan, name="é\n")
    mitosis.report(step=2, loss=0.5)
    mitosis.progress(0.5, "half\nway")
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert rows == [{"step": 1, "loss": "NaN", "name": "é\n"}, {"step": 2, "loss": 0.5}]
    assert (tmp_path / "progress").read_text() == "0.5 half way\n"
    for wrong in (-1, 2, math.nan):
        with pytest.raises(InvalidError):
            mitosis.progress(wrong)
    with pytest.raises(InvalidError, match=r"^loss: "):
        mitosis.report(loss=object())


def test_the_thin_command_reports_inside_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mitosis.__main__ import main

    monkeypatch.delenv("MITO_RESULT_DIR", raising=False)
    assert main(["report", "loss=0.5"]) == 0
    assert "not inside a task" in capsys.readouterr().err
    monkeypatch.setenv("MITO_RESULT_DIR", str(tmp_path))
    monkeypatch.setenv("MITO_PROGRESS", str(tmp_path / "progress"))
    assert main(["report", "loss=0.5", "name=a b", "step=3"]) == 0
    assert main(["progress", "42%", "epoch", "3"]) == 0
    assert json.loads((tmp_path / "metrics.jsonl").read_text()) == {"loss": 0.5, "name": "a b", "step": 3}
    assert (tmp_path / "progress").read_text() == "0.42 epoch 3\n"
    assert main(["report", "loss"]) == main(["progress", "2"]) == main(["progress", "x"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def test_answers_keep_what_this_version_does_not_know() -> None:
    from mitosis._generated.models import TaskView

    view = TaskView({"uuid": "u", "new_field": 5, "artifacts": [{"kind": "result"}]})
    assert view.new_field == 5
    assert view.artifacts[0].kind == "result"
    assert view.exit_code is None
    with pytest.raises(AttributeError):
        view.no_such_field  # noqa: B018
