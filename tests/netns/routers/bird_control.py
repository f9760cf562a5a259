"""BIRD's control socket, as birdcl speaks it; a process for each question costs more than the answer."""

import re
import socket
from pathlib import Path
from typing import TextIO

from .base import NotReady

_REPLY = re.compile(r"(\d{4})([ -])(.*)")
_NO_TEXT = "0000"
_TIMEOUT = 20.0


def ask(path: str | Path, command: str) -> str:
    """The output of birdcl."""
    try:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(path))  # waits; with a timeout it fails when the backlog is full
            control.settimeout(_TIMEOUT)
            with control.makefile("r") as replies:
                _reply(replies)  # the greeting
                control.sendall(f"{command}\n".encode())
                return _reply(replies)
    except TimeoutError:
        raise
    except OSError as error:
        raise NotReady(f"{path}: {error}") from error


def _reply(replies: TextIO) -> str:
    """Lines up to the one whose code is followed by a space; lines without a code go on with the one before."""
    lines = []
    for line in replies:
        if not (match := _REPLY.match(line)):
            lines.append(line[1:])
            continue
        code, more, text = match.groups()
        if code != _NO_TEXT:
            lines.append(text + "\n")
        if more == " ":
            return "".join(lines)
    raise NotReady(f"BIRD closed the connection after {lines}")
