"""Code of the working folder that is sent along with tasks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mitosis import Client, InvalidError, MitoError, NotFoundError
from mitosis.local import LocalStack, find_mito

IDENTITY = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *IDENTITY, *words], cwd=folder, check=True, capture_output=True)


def folder_with(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with an ignored folder, a link, a nested repository, a large file, and names that sort oddly."""
    root = folder_with(
        tmp_path / "repository",
        {
            ".gitignore": "data/\n",
            "train.py": "import helper; print(helper.rate)\n",
            "helper.py": "rate = 0.1\n",
            "data/large": "x" * 100,
            "gone.py": "",
            "\U0001f600.txt": "astral",
            "\uffee.txt": "not astral",
            "new\nline": "n",
            "empty": "",
        },
    )
    (root / "large").write_bytes(os.urandom(9 * 2**20))
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    (root / "gone.py").unlink()
    (root / "untracked.sh").write_text("#!/bin/sh\necho run\n")
    (root / "untracked.sh").chmod(0o755)
    (root / "link").symlink_to("helper.py")
    nested = folder_with(root / "nested", {"n.py": "", "n.tmp": "", ".gitignore": "*.tmp\n"})
    git(nested, "init", "-q")
    return root


def test_a_folder_is_the_one_that_the_command_sends(stack: LocalStack, client: Client, repository: Path) -> None:
    code = client.code.send(repository)
    env = {**os.environ, "MITO_COORDINATOR_ADDR": stack.url, "MITO_TOKEN": stack.transport.token or ""}
    command = [*find_mito(), "tasks", "submit", "--quiet", "-g", "idle", "-C", str(repository), "--", "true"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    uuid = done.stdout.split()[0]
    assert client.task(uuid).view["code"] == dict(code), "the same list of files, with the same name"
    assert code["is_dirty"] is True and code["files"] == 12
    assert [item.path for item in client.code.files(uuid) if item.target] == ["link"]
    client.cancel([uuid])


def test_a_task_starts_in_the_folder_and_its_code_can_be_fetched(
    client: Client, repository: Path, tmp_path: Path
) -> None:
    task = client.submit([sys.executable, "train.py"], workdir=repository)
    assert task.wait(120).check().logs() == "0.1\n"
    (repository / "helper.py").write_text("rate = 0.2\n")
    listed = client.code.look(repository)
    assert ("data/", ".gitignore") in listed.left_out and "gone.py" not in {each.path for each in listed.files}
    job = client.sweep("./untracked.sh; cat helper.py {n}", n=["empty", "helper.py"], workdir=repository)
    again = [found.logs() for found in job.wait(120).tasks()]
    assert again == ["run\nrate = 0.2\n", "run\nrate = 0.2\nrate = 0.2\n"]
    first = next(iter(job.tasks()))
    fields = [each.field for each in client.compare(task, first)]
    assert fields == ["command", "file helper.py", "params"]
    out = client.code.download(first.uuid, tmp_path / "out")
    for name in ("large", "helper.py", "nested/n.py", "new\nline", "\U0001f600.txt"):
        assert (out / name).read_bytes() == (repository / name).read_bytes()
    assert os.readlink(out / "link") == "helper.py" and os.access(out / "untracked.sh", os.X_OK)
    with pytest.raises(InvalidError, match="is not empty"):
        client.code.download(first.uuid, out)
    with pytest.raises(NotFoundError):
        client.code.files(client.submit("true").uuid)
    rerun = task.rerun(name="again", workdir=repository, command=[sys.executable, "train.py", "--fast"])
    assert rerun.wait(120).check().logs() == "0.2\n"
    assert (rerun.name, rerun.view.args[-1]) == ("again", "--fast")


@pytest.mark.full
def test_functions_find_the_files_of_the_folder(client: Client, tmp_path: Path) -> None:
    client.default_python = sys.executable
    folder_with(tmp_path, {"table.txt": "kept", "beside.py": "VALUE = 5\n"})

    def read(name: str) -> tuple[str, int]:
        import beside

        return Path(name).read_text(), beside.VALUE

    assert list(client.map(read, ["table.txt"] * 2, workdir=tmp_path, at_once=1)) == [("kept", 5)] * 2
    with client.executor(workdir=tmp_path) as executor:
        (tmp_path / "table.txt").write_text("changed")
        assert executor.submit(read, "table.txt").result(120) == ("kept", 5), "the folder as it was"


@pytest.mark.full
def test_an_environment_is_built_from_files_of_the_folder(client: Client, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"has no requirements\.txt"):
        client.submit("true", workdir=folder_with(tmp_path, {"a.py": ""}), env_setup="venv:requirements.txt")
    folder_with(tmp_path, {"setup.sh": "#!/bin/sh\necho built > $MITO_ENV_DIR/mark\n"})
    (tmp_path / "setup.sh").chmod(0o755)
    command = 'cat "$MITO_ENV_DIR/mark"'
    job = client.sweep(
        command + " && true {n}", n=[1, 2], workdir=tmp_path, options={"env_setup": "command:./setup.sh"}
    )
    assert [task.logs() for task in job.wait(120).tasks()] == ["built\n"] * 2
    for setup in ("poetry", "uv:x", "venv:../x"):
        with pytest.raises(InvalidError, match="env_setup"):
            client.submit("true", workdir=tmp_path, env_setup=setup)


def test_own_rules_replace_those_of_git(client: Client, tmp_path: Path) -> None:
    files = {".gitignore": "data/\n", ".mitoignore": "data/*\n!data/small.csv\n*.bin\n", "t.bin": "", "a.py": ""}
    folder_with(tmp_path, {**files, "data/small.csv": "1", "data/large": "22"})
    wanted = [".gitignore", ".mitoignore", "a.py", "data/small.csv"]
    assert sorted(each.path for each in client.code.look(tmp_path).files) == wanted, "without a repository"
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", "t.bin", "a.py")
    listed = client.code.look(tmp_path)
    assert sorted(each.path for each in listed.files) == wanted
    assert sorted(listed.left_out) == [("data/large", ".mitoignore"), ("t.bin", ".mitoignore")]


def test_what_can_not_be_sent_is_named_and_nothing_is_submitted(client: Client, tmp_path: Path) -> None:
    before = client.count_tasks(group="idle")

    def refused(folder: Path, pattern: str) -> None:
        with pytest.raises(MitoError, match=pattern) as caught:
            client.submit("true", workdir=folder, group="idle")
        assert caught.value.code.startswith(("workdir", "invalid_request"))

    folder = folder_with(tmp_path / "links", {"a.py": ""})
    (folder / "out").symlink_to("/etc/passwd")
    refused(folder, r'"out" can\'t be sent: it leads out of the folder.*\.mitoignore')
    folder = folder_with(tmp_path / "names", {"a.py": ""})
    open(os.fsencode(folder) + b"/b\xff", "w").close()
    refused(folder, "not UTF-8")
    refused(tmp_path / "nothing", "does not exist")
    refused(folder_with(tmp_path / "x", {"a.py": ""}) / "a.py", "is not a folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "there is nothing")
    large = folder_with(tmp_path / "big", {"a.py": ""})
    with open(large / "weights", "wb") as file:
        file.truncate(101 * 2**20)
    refused(large, r"weights \(101 MiB\).*large=True")
    with pytest.raises(InvalidError, match="workdir"):
        client.submit("true", workdir=folder, code=json.loads("{}"), group="idle")
    assert client.count_tasks(group="idle") == before


def test_sockets_and_pipes_are_left_out_and_said(client: Client, tmp_path: Path) -> None:
    folder_with(tmp_path, {"a.py": ""})
    os.mkfifo(tmp_path / "p")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "s"))
        listed = client.code.look(tmp_path)
    assert [each.path for each in listed.files] == ["a.py"]
    assert sorted(listed.left_out) == [("p", "a pipe or device"), ("s", "a socket")]


def test_a_file_that_changes_while_it_is_packed_is_read_again(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mitosis import _code

    folder_with(tmp_path, {"a.py": "one"})
    read, changes = _code._read_at, [1]

    def changing(descriptor: int, span: object) -> bytes:
        data = read(descriptor, span)  # type: ignore[arg-type]
        if changes:
            (tmp_path / "a.py").write_text(f"longer {changes.pop()}")
        return data

    monkeypatch.setattr(_code, "_read_at", changing)
    code = client.code.send(tmp_path)
    assert code["bytes"] == len("longer 1")
    changes += [2, 33, 444, 5555]
    with pytest.raises(MitoError, match="was written to while it was packed"):
        client.code.send(tmp_path)
