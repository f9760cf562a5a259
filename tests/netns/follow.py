"""A client of /v1/events as server-sent events."""

import json
import os
import socket
from dataclasses import dataclass, field
from typing import Any, Self

from .agent import Agent
from .netns import Namespace
from .wait import TIMEOUT


@dataclass
class Message:
    """One server-sent event."""

    fields: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        kind: str = self.data["kind"]
        return kind

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.fields["data"])
        return data

    @property
    def id(self) -> str:
        return self.fields["id"]


class Follower:
    """HTTP/1.0, so that the reply is not chunked. On the admin socket, or over TCP from a namespace."""

    def __init__(
        self,
        agent: Agent,
        query: str = "",
        *,
        headers: tuple[str, ...] = ("Accept: text/event-stream",),
        via: Namespace | None = None,
        to: tuple[str, int] = ("127.0.0.1", 8080),
        receive_buffer: int = 0,
        method: str = "GET",
        uid: int = 0,
    ):
        if via:
            with via.inside():
                self.socket = socket.socket()
            self.socket.settimeout(TIMEOUT)
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.connect(to)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            os.seteuid(uid)
            try:
                self.socket.connect(str(agent.run_dir / "api.sock"))
            finally:
                os.seteuid(0)
            self.socket.settimeout(TIMEOUT)
        lines = (f"{method} /v1/events?{query} HTTP/1.0", "Host: localhost", *headers, "", "")
        self.socket.sendall("\r\n".join(lines).encode())
        self._file = self.socket.makefile("rb")
        self.comments = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def status(self) -> int:
        """Reads the headers."""
        status = int(self._line().split()[1])
        self.headers = {}
        while line := self._line():
            name, _, value = line.partition(": ")
            self.headers[name] = value
        return status

    def _line(self) -> str:
        return self._file.readline().decode().rstrip("\r\n")

    def rest(self) -> str:
        return self._file.read().decode()

    def next(self) -> Message | None:
        """The next one; None at the end of the stream."""
        message = Message()
        while line := self._file.readline().decode():
            line = line.rstrip("\n")
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                message.fields[name] = value
            elif message.fields:
                return message
        return None

    def begin(self) -> Message:
        assert self.status() == 200
        message = self.next()
        assert message and message.kind == "events.begin", message
        return message

    def wait(self, kind: str) -> Message:
        """The next one of that kind; others are passed over."""
        while message := self.next():
            if message.kind == kind:
                return message
        raise AssertionError(f"the stream ended without {kind}")
