"""Every Python block of the documentation runs, one page after the other in a namespace of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mitosis.local import LocalStack

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
PAGES = [path for path in sorted((ROOT / "docs").rglob("*.md")) if BLOCK.search(path.read_text("utf-8"))]


@pytest.mark.full
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_python_of_a_page_runs(page: Path, stack: LocalStack, tmp_path: Path) -> None:
    program = "\n".join(BLOCK.findall(page.read_text("utf-8")))
    (tmp_path / "page.py").write_text(program)
    env = {"MITO_COORDINATOR_ADDR": stack.url, "MITO_TOKEN": stack.transport.token or ""}
    done = subprocess.run(
        [sys.executable, "page.py"],
        cwd=tmp_path,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
