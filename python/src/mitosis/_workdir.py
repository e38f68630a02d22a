"""What of a folder of code is sent: the rules of `mito run -C`, read with the same git commands."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ._errors import MitoError, invalid_field
from ._generated import kinds

OWN_RULES = ".mitoignore"
#: Of a path: names, and all of it, in bytes; folders.
_NAME_MAX, _PATH_MAX, _DEPTH_MAX = 255, 2048, 256
_UNREAD = re.compile(r"could not open directory '(.*?)/?': (.*)")


@dataclass(frozen=True)
class SourceFile:
    """A file of the folder, as it was when the folder was listed."""

    #: Relative, with `/` between the names.
    path: str
    file: str
    size: int
    mtime_ns: int
    is_executable: bool


@dataclass
class Workdir:
    """What of a folder is sent, and what is left out."""

    dir: str
    files: list[SourceFile] = field(default_factory=list)
    #: Symbolic links: path and target.
    links: list[tuple[str, str]] = field(default_factory=list)
    #: Path and why; a folder has a `/` at its end.
    left_out: list[tuple[str, str]] = field(default_factory=list)
    commit: str | None = None
    branch: str | None = None
    is_dirty: bool | None = None

    @property
    def bytes(self) -> int:
        """Of its files together."""
        return sum(each.size for each in self.files)

    def __repr__(self) -> str:
        count = len(self.files) + len(self.links)
        return f"<Workdir {self.dir}: {count} files, {self.bytes} bytes, {len(self.left_out)} left out>"


def unsendable(name: str, why: str) -> MitoError:
    return kinds.InvalidError(
        "workdir_unsendable",
        f'workdir: "{name}" can\'t be sent: {why}. Name it in {OWN_RULES}',
        details={"field": "workdir"},
    )


def list_workdir(given: str | os.PathLike[str]) -> Workdir:
    """What git sees of a folder, tracked and untracked, as it lies on the disk; of submodules and nested repositories
    by their own rules. `.mitoignore` in the folder replaces `.gitignore`. Raises with the name of what can't be sent.
    """
    listed = Workdir(_root_of(given))
    with _lister(listed.dir) as prefix:
        listing = _Listing(listed)
        if prefix is None:
            listing.walk("")
        else:
            listing.list("", prefix, is_repository=not prefix)
            if not prefix:
                _note_state(listed)
    return listed


def _root_of(given: str | os.PathLike[str]) -> str:
    try:
        path = Path(given).resolve(strict=True)
    except FileNotFoundError:
        raise invalid_field("workdir", f"{os.fspath(given)} does not exist") from None
    except OSError as error:
        raise invalid_field("workdir", f"{os.fspath(given)} can't be read: {error.strerror}") from error
    if not path.is_dir():
        raise invalid_field("workdir", f"{os.fspath(given)} is not a folder")
    return str(path)


@contextmanager
def _lister(folder: str) -> Iterator[list[str] | None]:
    """Options of git for the folder: none in a repository, those of an empty one elsewhere; None without git."""
    try:
        _git(folder, ["--version"])
    except FileNotFoundError:
        yield None
        return
    try:
        is_inside = _git(folder, ["rev-parse", "--is-inside-work-tree"])[0].strip() == b"true"
    except MitoError as error:
        if "not a git repository" not in error.message.lower():
            raise
        is_inside = False
    if is_inside:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="mito-git-") as bare:
        _git(folder, ["init", "-q", "--bare", bare])
        yield [f"--git-dir={bare}", f"--work-tree={folder}"]


def _git(folder: str, args: list[str]) -> tuple[bytes, str]:
    """What git prints, and what it says on stderr, in English: some of it is read."""
    done = subprocess.run(
        ["git", *args],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode != 0:
        raise kinds.InvalidError("git_failed", f"workdir: git {args[0]}: {said or f'exit code {done.returncode}'}")
    return done.stdout, said


def _note_state(listed: Workdir) -> None:
    def line(*args: str) -> str | None:
        try:
            return _git(listed.dir, list(args))[0].decode("utf-8", "replace").split("\n")[0].strip() or None
        except MitoError:
            return None

    listed.commit = line("rev-parse", "HEAD")
    listed.branch = line("symbolic-ref", "--short", "-q", "HEAD")
    try:
        listed.is_dirty = len(_git(listed.dir, ["status", "--porcelain", "-z", "--", "."])[0]) > 0
    except MitoError:
        listed.is_dirty = None


def _names_in(printed: bytes) -> list[str]:
    try:
        text = printed.decode("utf-8")
    except UnicodeDecodeError:
        names = printed.decode("utf-8", "replace").split("\0")
        wrong = next((name for name in names if "\ufffd" in name), "")
        raise unsendable(wrong, "its name is not UTF-8") from None
    return [name for name in text.split("\0") if name]


class _Listing:
    def __init__(self, listed: Workdir) -> None:
        self._listed = listed

    def list(self, at: str, prefix: list[str], *, is_repository: bool) -> None:
        """One repository, or one folder as if it were one; `at` is where it lies below the root."""
        folder = os.path.join(self._listed.dir, at)
        is_own = os.path.lexists(os.path.join(folder, OWN_RULES))
        rules = f"--exclude-per-directory={OWN_RULES}" if is_own else "--exclude-standard"

        def ask(*args: str) -> list[str]:
            printed, said = _git(folder, [*prefix, "ls-files", "-z", rules, *args])
            unread = _UNREAD.search(said)
            if unread is not None:
                raise unsendable(_joined(at, unread[1]), f"it can't be read: {unread[2]}")
            return _names_in(printed)

        names = dict.fromkeys(ask(*(["--cached"] if is_repository else []), "--others"))
        ignored = ask("--others", "--ignored", "--directory")
        dropped = ask("--cached", "--ignored") if is_own and is_repository else []
        for name in dropped:
            names.pop(name, None)
        why = OWN_RULES if is_own else ".gitignore"
        self._listed.left_out += [(_joined(at, name), why) for name in [*ignored, *dropped]]
        for name in names:
            self._take(_joined(at, name.removesuffix("/")))
        self._note_specials()

    def walk(self, at: str) -> None:
        """Without git there are no rules."""
        for name in sorted(os.listdir(os.path.join(self._listed.dir, at))):
            if name == ".git":
                continue
            place = _joined(at, name)
            if name in (OWN_RULES, ".gitignore"):
                raise kinds.InvalidError("git_missing", f"workdir: {place} needs git, which is not installed")
            stats = os.lstat(os.path.join(self._listed.dir, place))
            if stat.S_ISDIR(stats.st_mode):
                self.walk(place)
            else:
                self._add(place, stats)

    def _take(self, place: str) -> None:
        """A file that is in the index and was deleted is absent; a folder in its place is a repository of its own."""
        try:
            stats = os.lstat(os.path.join(self._listed.dir, place))
        except (FileNotFoundError, NotADirectoryError):
            return
        if not stat.S_ISDIR(stats.st_mode):
            self._add(place, stats)
        elif os.path.lexists(os.path.join(self._listed.dir, place, ".git")):
            self.list(place, [], is_repository=True)

    def _add(self, place: str, stats: os.stat_result) -> None:
        objection = _path_objection(place)
        if objection is not None:
            raise unsendable(place, objection)
        file = os.path.join(self._listed.dir, place)
        if stat.S_ISREG(stats.st_mode):
            is_executable = bool(stats.st_mode & 0o100)
            self._listed.files.append(SourceFile(place, file, stats.st_size, stats.st_mtime_ns, is_executable))
        elif stat.S_ISLNK(stats.st_mode):
            self._link(place, file)
        else:
            self._listed.left_out.append((place, "neither a file nor a link"))

    def _link(self, place: str, file: str) -> None:
        raw = os.readlink(os.fsencode(file))
        try:
            target = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise unsendable(place, "its target is not UTF-8") from None
        if not _is_contained(place, target):
            raise unsendable(place, f'it leads out of the folder, to "{target}"')
        self._listed.links.append((place, target))

    def _note_specials(self) -> None:
        """Git skips sockets and pipes without a word."""
        known = {place for place, _ in self._listed.left_out}
        for folder in {os.path.dirname(each.path) for each in self._listed.files}:
            with os.scandir(os.path.join(self._listed.dir, folder)) as entries:
                for entry in entries:
                    place = _joined(folder, entry.name)
                    if entry.is_symlink() or entry.is_file() or entry.is_dir() or place in known:
                        continue
                    known.add(place)
                    is_socket = stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode)
                    self._listed.left_out.append((place, "a socket" if is_socket else "a pipe or device"))


def _joined(at: str, name: str) -> str:
    return f"{at}/{name}" if at else name


def _path_objection(path: str) -> str | None:
    names = path.split("/")
    if any(name in ("", ".", "..") for name in names):
        return "it is not inside the folder"
    if any(len(os.fsencode(name)) > _NAME_MAX for name in names):
        return "its name is too long"
    if len(os.fsencode(path)) > _PATH_MAX:
        return f"its path is longer than {_PATH_MAX} bytes"
    return f"it is nested in more than {_DEPTH_MAX} folders" if len(names) > _DEPTH_MAX else None


def _is_contained(path: str, target: str) -> bool:
    """False for a link that could leave the folder; the rule of `archive-rules.ts`."""
    if not target or target.startswith("/") or re.search(r"[\0\\\n]", target):
        return False
    steps = [step for step in target.split("/") if step not in ("", ".")]
    ups = next((at for at, step in enumerate(steps) if step != ".."), len(steps))
    return ".." not in steps[ups:] and ups <= len(path.split("/")) - 1


_NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")


def check_environment(listed: Workdir, setup: str) -> None:
    """Raises when the files of an environment are not among those that are sent. The form of `setup` is checked by the
    coordinator."""
    there = {each.path for each in listed.files} | {place for place, _ in listed.links}
    missing = _missing_of(setup, lambda name: name in there)
    if missing is not None:
        raise invalid_field(
            "env_setup", f"the folder of code {missing}. Files that .gitignore or {OWN_RULES} name are not sent"
        )


def _missing_of(setup: str, has: Callable[[str], bool]) -> str | None:
    kind, _, file = setup.partition(":")
    named = re.sub(r"^(\./+)+", "", file) or {"venv": "requirements.txt", "conda": "environment.yml"}.get(kind)
    if kind == "uv" and not (has("pyproject.toml") and has("uv.lock")) and not has("requirements.txt"):
        if has("pyproject.toml"):
            return 'has a pyproject.toml, but no uv.lock: run "uv lock", and send the file along'
        return "has neither a pyproject.toml with uv.lock, nor a requirements.txt"
    if kind == "npm" and not (has("package.json") and any(map(has, _NPM_LOCKS))):
        return "has no package-lock.json" if has("package.json") else "has no package.json"
    return f"has no {named}" if kind in ("venv", "conda", "command") and named and not has(named) else None
