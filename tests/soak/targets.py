"""Services of the monitors, and the ways in which they die and come back."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from netns import responders
from netns.netns import Namespace
from netns.process import Process
from netns.responders import Responder
from netns.service import Service

LITTER = "sleep 7321"
"""A process that a command of an exec monitor leaves behind, for the agent to kill."""

_COMMAND = f"""case $(cat {{path}}) in
ok) exit 0;;
litter) setsid {LITTER} & exit 0;;
hang) {LITTER};;
esac
exit 1"""


class Target(ABC):
    kind: str
    """Of the monitor, as the figures name it."""
    monitor: Any
    ways: Sequence[str]

    @abstractmethod
    def die(self, way: str) -> None: ...

    @abstractmethod
    def revive(self, rng: Random) -> None:
        """Returns when it serves again."""


class Port(Target):
    """The kernel tells the agent of its death."""

    kind = "port"
    ways = ("SIGKILL",)

    def __init__(self, host: Namespace, port: int, protocol: str):
        self.monitor = f"port:{protocol}:{port}"
        self._service = Service(host, port, protocol, "::")

    def die(self, way: str) -> None:
        self._service.kill()

    def revive(self, rng: Random) -> None:
        self._service.start()


class Answering(Target):
    """A service that is asked over the network; it dies, or it hangs."""

    ways = ("SIGKILL", "SIGSTOP")

    def __init__(self, kind: str, monitor: Any, make: Callable[[], Responder]):
        self.kind, self.monitor, self._make = kind, monitor, make
        self._responder = make()

    def die(self, way: str) -> None:
        if way == "SIGSTOP":
            self._responder.signal(signal.SIGSTOP)
        else:
            self._responder.kill()

    def revive(self, rng: Random) -> None:
        if self._responder.running:
            self._responder.signal(signal.SIGCONT)
        else:
            self._responder = self._make()


class Command(Target):
    """A script that reads what to do from a file: pass, pass and leave something, fail, hang."""

    kind = "exec"
    ways = ("fail", "hang")

    def __init__(self, path: Path):
        self._path = path
        script = path.with_suffix(".sh")
        script.write_text(_COMMAND.format(path=path))
        self.monitor = f"exec:. {script}"
        self._say("ok")

    def _say(self, word: str) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(word)
        new.rename(self._path)

    def die(self, way: str) -> None:
        self._say(way)

    def revive(self, rng: Random) -> None:
        self._say(rng.choice(("ok", "litter")))


class PidFile(Target):
    """The agent holds a pidfd of it."""

    kind = "process"
    ways = ("SIGKILL", "SIGTERM")

    def __init__(self, host: Namespace, path: Path):
        self.monitor = f"process:{path}"
        self._host, self._path = host, path
        self._start()

    def _start(self) -> None:
        self._process: Process = self._host.start(["sleep", "9731"], "daemon")
        new = self._path.with_suffix(".new")
        new.write_text(f"{self._process.pid}\n")
        new.rename(self._path)

    def die(self, way: str) -> None:
        if way == "SIGTERM":
            self._process.terminate()
        self._process.kill()

    def revive(self, rng: Random) -> None:
        self._start()


class Flag(Target):
    kind = "file"
    ways = ("removed",)

    def __init__(self, path: Path):
        self.monitor = f"file:{path}"
        self._path = path
        path.touch()

    def die(self, way: str) -> None:
        self._path.unlink()

    def revive(self, rng: Random) -> None:
        self._path.touch()


def make_all(host: Namespace, workdir: Path) -> list[Target]:
    """Each kind that there is; Consul's services are the business of consul_actor.py."""

    def http(port: int) -> Target:
        url = f"http://127.0.0.1:{port}/health"
        return Answering("http", url, lambda: responders.http(host, port))

    # Without a word to expect, the kernel accepts for a process that hangs.
    greeting = {"tcp": "127.0.0.1:7021", "expect": "hello"}
    return [
        *(Port(host, port, "tcp") for port in (7001, 7002, 7003)),
        *(Port(host, port, "udp") for port in (7004, 7005)),
        http(7011),
        http(7012),
        Answering("tcp", greeting, lambda: responders.tcp(host, 7021, "hello")),
        Answering("dns", "dns:127.0.0.1:7031:health.example:A", lambda: responders.dns(host, 7031)),
        Command(workdir / "command1"),
        Command(workdir / "command2"),
        PidFile(host, workdir / "daemon.pid"),
        Flag(workdir / "flag"),
    ]
