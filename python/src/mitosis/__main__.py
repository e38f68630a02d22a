"""`python -m mitosis report`: what a task says of itself, on a worker without Node.js."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from . import MitoError, __version__, in_task, progress, report


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m mitosis", description="Inside a task: say how far it is.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    reporting = commands.add_parser("report", help="write a row of metrics: loss=0.2 step=3")
    reporting.add_argument("values", nargs="+", metavar="NAME=VALUE")
    progressing = commands.add_parser("progress", help="say how far the task is, from 0 to 1 or in percent")
    progressing.add_argument("value")
    progressing.add_argument("message", nargs="*")
    given = parser.parse_args(words)
    try:
        if not in_task():
            print("mitosis: not inside a task: nothing is written", file=sys.stderr)
        if given.command == "report":
            report(**dict(_pair(text) for text in given.values))
        else:
            progress(_fraction(given.value), " ".join(given.message))
    except (MitoError, ValueError, OSError) as error:
        print(f"mitosis: {error}", file=sys.stderr)
        return 2
    return 0


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f'"{text}" is not NAME=VALUE, for example loss=0.2')
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _fraction(text: str) -> float:
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a number from 0 to 1 or a percentage') from None


if __name__ == "__main__":
    sys.exit(main())
