"""FRR's command line, spoken to a daemon as vtysh does it, without starting vtysh for each command."""

import socket
from collections.abc import Sequence
from pathlib import Path

_TIMEOUT = 20.0
_END = b"\0\0\0"
"""Before the octet of the status, after each answer (lib/vty.c, vtysh_read)."""


def run(path: Path, commands: Sequence[str]) -> str:
    """The answers to the commands, given one after the other in one session with enable."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as vty:
        vty.settimeout(_TIMEOUT)
        try:
            vty.connect(str(path))
            answers = [_ask(vty, command) for command in ("enable", *commands)]
        except OSError as error:
            return f"{path.name}: {error}"
    return "".join(answers[1:])


def _ask(vty: socket.socket, command: str) -> str:
    vty.sendall(command.encode() + b"\0")
    answer = b""
    while answer[-4:-1] != _END:
        received = vty.recv(65536)
        if not received:
            raise ConnectionResetError(f"closed during '{command}'")
        answer += received
    return answer[:-4].decode()
