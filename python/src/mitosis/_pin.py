"""The public key that a coordinator has to have: its pin, as `mito up --listen` prints it."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ._errors import invalid_field

_PIN = re.compile(r"sha256//[A-Za-z0-9+/]{43}=")
_SEQUENCE, _VERSION = 0x30, 0xA0


class Pin:
    """The key of the coordinator at one address. The pin takes the place of the certificate authorities: a certificate
    that is renewed with the same key changes nothing.
    """

    def __init__(self, url: str, pin: str) -> None:
        """Raises `invalid_request` for what is not a pin, and for an address without TLS."""
        if _PIN.fullmatch(pin) is None:
            raise invalid_field(
                "pin", f'"{pin}" is not a pin: write "sha256//" and the SHA-256 of a public key in base64'
            )
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise invalid_field("pin", "only an https:// address has a key to compare with the pin")
        self._pin = pin
        self._origin = _origin(parts)

    def is_for(self, parts: SplitResult) -> bool:
        """True for addresses of the coordinator, false for those of an object store."""
        return parts.scheme == "https" and _origin(parts) == self._origin

    def check(self, connection: Any) -> None:
        """Raises `another_key` unless the leaf certificate has the key: a right key elsewhere in the chain proves
        nothing. Called before a byte is sent."""
        found = pin_of(connection.getpeercert(binary_form=True))
        if found == self._pin:
            return
        from ._generated.kinds import UnauthenticatedError

        raise UnauthenticatedError(
            "another_key",
            f"The coordinator at {self._origin[0]} has another key ({found}) than the expected one ({self._pin}). "
            "Either its key was replaced: then take the new pin from whoever runs it. "
            "Or something else has answered in its place.",
        )


def pin_of(certificate: bytes | None) -> str | None:
    """The pin of the key of a certificate in DER; what `curl --pinnedpubkey` compares."""
    if not certificate:
        return None
    try:
        return f"sha256//{base64.b64encode(hashlib.sha256(_public_key(certificate)).digest()).decode()}"
    except (IndexError, ValueError) as error:
        raise ssl.SSLError(f"its certificate can't be read: {error}") from error


def _public_key(certificate: bytes) -> bytes:
    """The field subjectPublicKeyInfo (RFC 5280, section 4.1), with its header."""
    _, begin, _ = _element(certificate, 0)
    _, at, end = _element(certificate, begin)
    fields: list[tuple[int, int, int]] = []
    while at < end:
        tag, _, after = _element(certificate, at)
        if not (tag == _VERSION and not fields):
            fields.append((tag, at, after))
        at = after
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    tag, at, after = fields[5]
    if tag != _SEQUENCE:
        raise ValueError("it has no public key")
    return certificate[at:after]


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, begin of the content, and end of the element at a place in DER."""
    tag, size, begin = data[at], data[at + 1], at + 2
    if size >= 0x80:
        count = size - 0x80
        size, begin = int.from_bytes(data[begin : begin + count], "big"), begin + count
    if begin + size > len(data):
        raise ValueError("it is cut off")
    return tag, begin, begin + size


def _origin(parts: SplitResult) -> tuple[str, int]:
    return (parts.hostname or "").lower(), parts.port or 443
