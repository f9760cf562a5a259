"""The agent in a container, run as GoCast's users run theirs."""

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netns.agent import Agent
from netns.netns import Namespace
from netns.process import Process

from .engine import IMAGE, Engine

# As in `docker run --cap-add=NET_ADMIN --net=host`: the host is the test's namespace, where the
# engine itself is started.
AS_GOCAST = ("--cap-add=NET_ADMIN", "--net=host")


class Container(Agent):
    """Use with Testbed.make_agent(config, how=container(engine, …))."""

    def __init__(
        self,
        namespace: Namespace,
        config: dict[str, Any] | str,
        name: str,
        *,
        engine: Engine,
        options: Sequence[str] = AS_GOCAST,
    ):
        super().__init__(namespace, config, name)
        self.engine = engine
        self.name = namespace.name + name
        self._options = list(options)
        self._namespace = namespace

    def spawn(self) -> Process:
        """The first time `run`, then `start` of the same container."""
        if self._process is None:
            words = ["run", "--name", self.name, *self._options]
            words += ["-v", f"{self.config_path}:/root/config.yaml:ro", IMAGE]
            words += ["-config=config.yaml", "-logtostderr"]
        else:
            words = ["start", "--attach", self.name]
        self._process = self._namespace.start(
            self.engine.argv("podman", *words), self._name, self.engine.env
        )
        self._ended_on_purpose = False
        return self._process

    def podman(self, *words: str) -> str:
        return self.engine.podman(*words)

    def execute(self, *command: str) -> str:
        """As `docker exec`; the output."""
        return self.podman("exec", self.name, *command)

    @property
    def state(self) -> dict[str, Any]:
        return self.engine.inspect(self.name)["State"]

    @property
    def pid(self) -> int:
        """Of the container's process 1, as seen from outside."""
        return int(self.state["Pid"])

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = 10.0) -> None:
        """`podman stop`: SIGTERM, and SIGKILL after `timeout`, which is not a clean end."""
        self.podman("stop", "--time", f"{timeout:.0f}", self.name)
        self.expect_exit(0, timeout)
        assert self.state["ExitCode"] == 0
        self.remove()

    def kill(self) -> None:
        self._ended_on_purpose = True
        self.podman("kill", "--signal", "KILL", self.name)
        assert self.process.wait() == 137

    def remove(self) -> None:
        self.podman("rm", "--force", "--time", "0", self.name)

    def finish(self) -> None:
        try:
            if self._process is not None and self.process.running:
                os.kill(self.pid, signal.SIGCONT)
                self.stop()
        finally:
            self.remove()
