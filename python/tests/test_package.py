"""The wheel and the source archive, installed where nothing else is; and on the other backend of the queue."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mitosis import Client

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.full
def test_wheel_and_source_archive_install_into_an_empty_environment(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT / "python", source, ignore=shutil.ignore_patterns("__pycache__", ".*", "tests"))
    out = tmp_path / "out"
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)],
        check=True,
        capture_output=True,
    )
    (wheel,) = out.glob("mitosis_client-*.whl")
    (archive,) = out.glob("mitosis_client-*.tar.gz")
    assert archive.stat().st_size > 0
    names = zipfile.ZipFile(wheel).namelist()
    assert "mitosis/py.typed" in names and "mitosis/_generated/models.py" in names
    assert not [name for name in names if "test" in name]
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "empty")], check=True)
    python = tmp_path / "empty" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    program = "import mitosis; mitosis.report(loss=1); print(mitosis.__file__); mitosis.Client; import mitosis.compat"
    done = subprocess.run(
        [str(python), "-W", "error", "-c", program], cwd=tmp_path, env={}, check=True, capture_output=True, text=True
    )
    assert str(tmp_path / "empty") in done.stdout
    packages = next((tmp_path / "empty" / "lib").glob("python*/site-packages"))
    (packages / "mitosis-0.1.dist-info").mkdir()
    warned = subprocess.run(
        [str(python), "-c", "import mitosis"], cwd=tmp_path, env={}, check=True, capture_output=True, text=True
    )
    assert "another project" in warned.stderr


def test_no_page_installs_the_package_of_another_project() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "python").glob("*.md")]
    for page in pages:
        found = re.search(r"pip3? install (\S+ )*mitosis\b(?!-)", page.read_text("utf-8"))
        assert found is None, f"{page}: {found}"


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")
def test_the_main_path_on_redis(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(tmp_path)]
    redis = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        with Client.local(slots=2, arguments=["--redis", f"redis://127.0.0.1:{port}"]) as client:
            assert client.submit("echo over redis").wait(120).logs() == "over redis\n"
            job = client.sweep("echo {a}", a=range(5))
            assert sorted(task.params["a"] for task in job.as_completed(120)) == list(range(5))
    finally:
        redis.terminate()
        redis.wait()
