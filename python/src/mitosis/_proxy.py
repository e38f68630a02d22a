"""Which proxy a request goes through: one rule for calls, transfers and streams."""

from __future__ import annotations

import base64
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from ._errors import invalid_field


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy. What it shows of itself never has its password."""

    host: str
    port: int
    authorization: str | None

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"


def proxy_for(url: SplitResult, env: Mapping[str, str] = os.environ) -> Proxy | None:
    """The proxy that the environment names for a URL: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`."""
    names = [f"{url.scheme}_proxy", "all_proxy"]
    # A CGI program gets HTTP_PROXY from whoever calls it (httpoxy): only the lower case is ours then.
    is_cgi = "REQUEST_METHOD" in env
    for name in names:
        text = env.get(name) or ("" if is_cgi and name == "http_proxy" else env.get(name.upper(), ""))
        if text.strip():
            if is_excluded(url, env.get("no_proxy") or env.get("NO_PROXY", "")):
                return None
            return parse_proxy(text.strip(), name)
    return None


def parse_proxy(text: str, name: str) -> Proxy:
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme != "http" or not parts.hostname:
        raise invalid_field(name, "is not an address such as http://proxy:3128")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return Proxy(parts.hostname, parts.port or 80, authorization)


def is_excluded(url: SplitResult, no_proxy: str) -> bool:
    """True when `NO_PROXY` names the host: `*`, `lab`, `.lab`, `lab:5000`, `10.0.0.0/8`, `[::1]`."""
    host = (url.hostname or "").lower().rstrip(".")
    port = url.port or (443 if url.scheme == "https" else 80)
    for item in no_proxy.replace(",", " ").lower().split():
        if item == "*":
            return True
        name, wanted_port = _host_and_port(item)
        if wanted_port is not None and wanted_port != port:
            continue
        if _matches(host, name):
            return True
    return False


def _host_and_port(item: str) -> tuple[str, int | None]:
    if item.startswith("["):
        name, _, rest = item[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdigit() else None
    name, _, rest = item.rpartition(":")
    if name and rest.isdigit() and ":" not in name:
        return name, int(rest)
    return item, None


def _matches(host: str, name: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        bare = name.removeprefix("*").removeprefix(".")
        return bool(bare) and (host == bare or host.endswith(f".{bare}"))
    try:
        return address in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
