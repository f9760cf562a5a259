"""A real Consul agent in a namespace, and a client for its HTTP API."""

import json
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .netns import Namespace
from .process import Process
from .wait import TIMEOUT, wait_until

REPO = Path(__file__).resolve().parents[2]
UNPACKED = REPO / ".deps" / "consul" / "usr" / "bin" / "consul"
NODE = "node-1"
TAG = "enable_gocast"


def binary() -> Path:
    if UNPACKED.exists():
        return UNPACKED
    installed = shutil.which("consul")
    assert installed, f"{UNPACKED} is missing: run 'scripts/deps.sh test'"
    return Path(installed)


def tags(vip: str, *more: str) -> list[str]:
    return [TAG, f"gocast_vip={vip}", *more]


class Refused(Exception):
    """Consul answered with a status that is not 200."""


class Consul:
    """`consul agent -dev` on 127.0.0.1:8500, or with `state` a server that keeps its data."""

    def __init__(
        self,
        namespace: Namespace,
        *,
        state: bool = False,
        node: str = NODE,
        config: dict[str, Any] | None = None,
        port: int = 8500,
        token: str | None = None,
    ):
        self._namespace = namespace
        self._dir = namespace.workdir / "consul"
        self._dir.mkdir(exist_ok=True)
        self._port = port
        self.token = token
        self.addr = f"http://127.0.0.1:{port}"
        extra = {"performance": {"raft_multiplier": 1}, **(config or {})}
        (self._dir / "extra.json").write_text(json.dumps(extra))
        self._argv = [binary(), "agent", "-node", node, "-config-file", self._dir / "extra.json"]
        self._argv += ["-bind", "127.0.0.1", "-log-level", "warn"]
        if state:
            self._argv += ["-server", "-bootstrap", "-data-dir", self._dir / "data"]
        else:
            self._argv += ["-dev"]
        self._process: Process | None = None
        self.start()

    def start(self) -> None:
        """Returns when it has a leader and knows its own node."""
        self._process = self._namespace.start(self._argv, "consul")
        wait_until(self._is_ready, "Consul is ready", ignore=(OSError, Refused), timeout=60)

    def _is_ready(self) -> bool:
        assert self.process.running, f"Consul ended:\n{self.process.log}"
        return any(c["CheckID"] == "serfHealth" for c in self.get(f"/v1/health/node/{NODE}"))

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        self.process.kill()

    def forget(self) -> None:
        """Remove the data of a killed server: the next start remembers nothing."""
        shutil.rmtree(self._dir / "data")

    # The API

    def request(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {} if self.token is None else {"X-Consul-Token": self.token}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}", data, headers, method=method
        )
        with self._namespace.inside():
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                    text = response.read()
            except urllib.error.HTTPError as error:
                raise Refused(f"{path}: {error.code} {error.read()!r}") from None
        return json.loads(text) if text.strip() else None

    def get(self, path: str) -> Any:
        return self.request("GET", path)

    def put(self, path: str, body: Any = None) -> Any:
        return self.request("PUT", path, body)

    def register(
        self,
        name: str,
        tag_list: Sequence[str],
        *,
        id: str | None = None,
        checks: Sequence[dict[str, Any]] = (),
    ) -> None:
        body = {"ID": id or name, "Name": name, "Tags": list(tag_list), "Checks": list(checks)}
        self.put("/v1/agent/service/register", body)

    def deregister(self, id: str) -> None:
        from urllib.parse import quote

        self.put(f"/v1/agent/service/deregister/{quote(id, safe='')}")

    def check(self, check_id: str, status: str, output: str = "") -> None:
        self.put(f"/v1/agent/check/update/{check_id}", {"Status": status, "Output": output})

    def maintenance(self, on: bool, service: str | None = None) -> None:
        where = f"service/maintenance/{service}" if service else "maintenance"
        self.put(f"/v1/agent/{where}?enable={'true' if on else 'false'}&reason=test")


def ttl(check_id: str, status: str = "passing", seconds: int = 600) -> dict[str, Any]:
    """A check that only says what the test tells it."""
    return {"CheckID": check_id, "Name": check_id, "TTL": f"{seconds}s", "Status": status}


def is_open(namespace: Namespace, port: int) -> bool:
    with namespace.inside(), socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0
