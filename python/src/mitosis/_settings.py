"""Where the coordinator is and who one is there, as the `mito` command finds it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ._errors import MitoError, invalid_field

DEFAULT_URL = "http://127.0.0.1:5000"


@dataclass(frozen=True)
class Settings:
    url: str
    token: str | None
    user: str | None
    password: str | None
    group: str | None
    ca: str | None
    #: The key that the coordinator has to have.
    pin: str | None = None


def config_dir(env: Mapping[str, str]) -> Path:
    if env.get("MITO_CONFIG_DIR"):
        return Path(env["MITO_CONFIG_DIR"])
    return Path(env.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mitosis"


def check_address(text: str, field: str = "coordinator_addr") -> str:
    """The address as it is kept and compared: scheme, host, port and path prefix, no slash at its end."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid_field(field, f'"{text}" is not an HTTP address such as {DEFAULT_URL}')
    if parts.username is not None or parts.password is not None:
        raise invalid_field(field, 'an address holds no user name and no password; use "mito login" instead')
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise invalid_field(field, 'an address has no "?" and no "#"; leave that part out')
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def load_settings(
    url: str | None,
    token: str | None,
    user: str | None,
    password: str | None,
    env: Mapping[str, str] | None = None,
    pin: str | None = None,
) -> Settings:
    """Arguments, then `MITO_…`, then the files of `mito`, then the login that `mito login` has kept."""
    env = os.environ if env is None else env
    files = _config_files(env)

    def setting(name: str, given: str | None = None) -> str | None:
        if given is not None:
            return given
        text = env.get(f"MITO_{name.upper()}")
        return text if text else files.get(name)

    address = check_address(setting("coordinator_addr", url) or DEFAULT_URL)
    name = setting("user", user)
    secret = password if password is not None else setting("password") or _first_line(setting("password_file"))
    found = token if token is not None else setting("token") if user is None and password is None else None
    logins = _Logins(Path(setting("credential_path") or config_dir(env) / "credentials"), address)
    if found is None and secret is None:
        found = logins.token(name)
    known_pin = setting("pin", pin)
    if known_pin is None:
        known_pin = logins.pin()
    return Settings(address, found, name, secret, setting("group"), setting("ca"), known_pin)


def _config_files(env: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (config_dir(env) / "config.toml", Path("config.toml")):
        try:
            text = path.read_text("utf-8")
        except OSError:
            continue
        found.update(_client_section(text, path))
    return found


def _client_section(text: str, path: Path) -> dict[str, str]:
    try:
        import tomllib
    except ModuleNotFoundError:
        return _client_section_by_hand(text)
    try:
        section = tomllib.loads(text).get("client", {})
    except ValueError as error:
        raise invalid_field("config", f"{path} is not TOML: {error}") from error
    return {key: value for key, value in section.items() if isinstance(value, str)}


def _client_section_by_hand(text: str) -> dict[str, str]:
    """Python 3.10 has no TOML: plain `name = "value"` lines of the section are all that is read."""
    section = re.search(r"^\[client\]\s*$(.*?)(?=^\[|\Z)", text, re.M | re.S)
    lines = section.group(1) if section else ""
    return {key: json.loads(f'"{value}"') for key, value in re.findall(r'^(\w+)\s*=\s*"([^"]*)"', lines, re.M)}


def _first_line(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text("utf-8").splitlines()[0]
    except (OSError, IndexError, ValueError) as error:
        raise invalid_field("password_file", f"{file} can't be used: {error}") from error


class _Logins:
    """The logins at one coordinator that `mito login` has kept, the latest first."""

    def __init__(self, path: Path, address: str) -> None:
        try:
            stored = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            stored = None
        known: dict[str, Any] = stored if isinstance(stored, dict) else {}
        logins: list[dict[str, Any]] = [each for each in known.get("logins", []) if isinstance(each, dict)]
        self._here = [each for each in logins if str(each.get("coordinator", "")).rstrip("/") == address]
        self._is_nobody = address in [str(each).rstrip("/") for each in known.get("nobody_at", [])]

    def token(self, user: str | None) -> str | None:
        """Of the login that has not expired: that of `user`, or of whoever logged in last."""
        if user is None and self._is_nobody:
            return None
        login = next((each for each in self._here if user is None or each.get("user") == user), None)
        if login is None or _is_past(str(login.get("expires_at", ""))):
            return None
        return str(login["token"])

    def pin(self) -> str | None:
        """The key that the coordinator had to have at the last login."""
        pin = self._here[0].get("pin") if self._here else None
        return pin if isinstance(pin, str) else None


def _is_past(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return True
    return moment <= datetime.now(timezone.utc)


def not_logged_in(settings: Settings) -> MitoError:
    from ._generated.kinds import UnauthenticatedError

    return UnauthenticatedError(
        "not_logged_in",
        f"There is no login at {settings.url}. Set MITO_TOKEN, run `mito login`, "
        "or pass token= or user= and password= to Client().",
    )
