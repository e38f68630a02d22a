"""Server-sent events, and the frames in which the output of a task travels."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ._errors import MitoError

FRAME_MAX = 1_048_576
_STREAMS = {1: "stdout", 2: "stderr", 3: "notice"}


@dataclass(frozen=True)
class Event:
    id: str | None
    event: str
    data: str


def events_of(pieces: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body as they arrive; comments are skipped."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = ""
    for piece in pieces:
        text += decoder.decode(piece)
        *blocks, text = text.split("\n\n")
        for block in blocks:
            event = _parse(block)
            if event is not None:
                yield event


def _parse(block: str) -> Event | None:
    identity, name, data = None, "message", []
    for line in block.split("\n"):
        key, colon, value = line.partition(":")
        if not key or not colon:
            continue
        value = value.removeprefix(" ")
        if key == "id":
            identity = value
        elif key == "event":
            name = value
        elif key == "data":
            data.append(value)
    return Event(identity, name, "\n".join(data)) if data else None


@dataclass(frozen=True)
class LogPiece:
    """A piece of what a task printed."""

    stream: str
    text: str
    attempt: int

    def __str__(self) -> str:
        return self.text


@dataclass
class FrameReader:
    """Takes the frames of one attempt apart; a character that is cut in two appears whole with its second half."""

    attempt: int
    _rest: bytes = b""
    _decoders: dict[str, codecs.IncrementalDecoder] = field(default_factory=dict)

    def push(self, chunk: bytes) -> Iterator[LogPiece]:
        data = self._rest + chunk
        at = 0
        while len(data) - at >= 8:
            stream = _STREAMS.get(data[at])
            size = int.from_bytes(data[at + 4 : at + 8], "big")
            if stream is None or data[at + 1 : at + 4] != b"\0\0\0" or size > FRAME_MAX:
                raise _damaged()
            if len(data) - at - 8 < size:
                break
            text = self._decoder(stream).decode(data[at + 8 : at + 8 + size])
            at += 8 + size
            if text:
                yield LogPiece(stream, text, self.attempt)
        self._rest = data[at:]

    def end(self) -> Iterator[LogPiece]:
        for stream, decoder in self._decoders.items():
            text = decoder.decode(b"", True)
            if text:
                yield LogPiece(stream, text, self.attempt)

    def _decoder(self, stream: str) -> codecs.IncrementalDecoder:
        if stream not in self._decoders:
            self._decoders[stream] = codecs.getincrementaldecoder("utf-8")("replace")
        return self._decoders[stream]


def _damaged() -> MitoError:
    from ._generated.kinds import InvalidError

    return InvalidError("invalid_output_frame", "The output of the task is damaged: this is not a frame of output.")
