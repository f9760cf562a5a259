"""The program under test: configuration file, start, HTTP API, clean stop, sanitizer reports."""

import http.client
import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .netns import Namespace
from .process import Process
from .promtool import check_metrics
from .wait import EMULATED, TIMEOUT, wait_until

REPO = Path(__file__).resolve().parents[2]
API_ADDRESS = "127.0.0.1:8080"
START_TIMEOUT = 60.0
"""Also for thousands of apps, with sanitizers on a busy machine."""

# A report ends the process with a status that no test expects.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "exitcode=97:detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:exitcode=97:print_stacktrace=1",
    "LSAN_OPTIONS": "exitcode=97",
}
# A system call that the sandbox does not know is a fault of its list.
UNEXPECTED_CALL = "sandbox: unexpected system call"
_SANITIZER_REPORT = re.compile(
    r"(AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|"
    rf"{UNEXPECTED_CALL}).*"
)


def binary() -> Path:
    path = Path(os.environ.get("VIPHERALD", "build/vipherald"))
    path = path if path.is_absolute() else REPO / path
    assert path.exists(), f"{path} does not exist: run 'make', or set VIPHERALD"
    return path


@dataclass(frozen=True)
class Response:
    status: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)  # waits; with a timeout it fails when the backlog is full
        self.sock.settimeout(TIMEOUT)


class Agent:
    """`config` is a structure that becomes YAML, or the text of the file itself.

    The API listens on 127.0.0.1:8080 of the namespace unless the configuration says otherwise.
    """

    def __init__(
        self,
        namespace: Namespace,
        config: dict[str, Any] | str,
        name: str = "agent",
        wrapper: Sequence[str] = (),
        env: dict[str, str] | None = None,
    ):
        self._namespace = namespace
        self._name = name
        self._wrapper = list(wrapper)
        self._env = env or {}
        self._process: Process | None = None
        self._ended_on_purpose = False
        self._scraped: str | None = None
        if isinstance(config, dict):
            self.listen_addr = config.get("agent", {}).get("listen_addr", API_ADDRESS)
        else:
            found = re.search(r"listen_addr: *\"?([^\"\s]+)", config)
            self.listen_addr = found[1] if found else ":8080"
        self.state_dir = namespace.workdir / f"{name}-state"
        self.state_file = self.state_dir / "state.json"
        self.run_dir = namespace.workdir / f"{name}-run"
        self.config_path = namespace.workdir / f"{name}.yaml"
        self.write_config(config)
        self.arguments = [f"-config={self.config_path}", "-logtostderr"]

    def write_config(self, config: dict[str, Any] | str) -> None:
        """The file, as for a start; a running agent has to be told."""
        if isinstance(config, dict):
            section = {"listen_addr": API_ADDRESS, **config.get("agent", {})}
            config = to_yaml({**config, "agent": section})
        whole = self.config_path.with_suffix(".new")
        whole.write_text(config)
        whole.rename(self.config_path)

    # The process

    def spawn(self) -> Process:
        """Start without waiting for anything."""
        self._process = self._namespace.start(
            [*self._wrapper, binary(), *self.arguments],
            self._name,
            # Not the machine's state file and admin socket: each test has its own.
            env={
                **SANITIZER_ENV,
                "STATE_DIRECTORY": str(self.state_dir),
                "RUNTIME_DIRECTORY": str(self.run_dir),
                **self._env,
            },
        )
        self._ended_on_purpose = False
        return self._process

    def start(self) -> None:
        """Start, and return when the API answers and all apps of the files are registered."""
        self.spawn()
        self.wait_api()

    def wait_api(self) -> None:
        """After spawn(). Requests are answered while apps are registered, a few a turn."""
        process = self.process

        def answers() -> bool:
            assert process.running, f"the agent ended with {process.returncode}:\n{process.log}"
            response = self.get("/v1/status")
            return response.status == 200 and response.json()["phase"] != "starting"

        wait_until(answers, "the agent's API answers", START_TIMEOUT, ignore=(OSError,))

    @property
    def process(self) -> Process:
        assert self._process is not None, "the agent was not started"
        return self._process

    @property
    def log(self) -> str:
        return self.process.log

    def wait_log(self, pattern: str, timeout: float = TIMEOUT) -> str:
        """Wait for a line of the log that the regular expression finds; return that line."""
        return self.process.wait_line(pattern, timeout=timeout)

    def wait_event(self, kind: str, **members: Any) -> dict[str, Any]:
        """Wait for an event of this kind with these members; return the newest of them."""

        def found() -> list[dict[str, Any]]:
            events = self.status(f"events?kind={kind}")["events"]
            return [event for event in events if members.items() <= event.items()][-1:]

        [event] = wait_until(found, f"an event {kind} with {members}")
        return event

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = TIMEOUT) -> None:
        """A clean stop: exit status 0 and no sanitizer report."""
        self.process.signal(number)
        self.expect_exit(0, timeout)

    def expect_exit(self, status: int, timeout: float = TIMEOUT) -> str:
        """Wait for the end by itself; return what it logged."""
        self._ended_on_purpose = True
        actual = self.process.wait(timeout)
        self.check_sanitizers()
        assert actual == status, f"exit status {actual}, expected {status}:\n{self.log}"
        return self.log

    def kill(self) -> None:
        """SIGKILL, as the kernel's OOM killer would."""
        self._ended_on_purpose = True
        self.process.kill()

    def check_sanitizers(self) -> None:
        report = _SANITIZER_REPORT.search(self.log)
        assert not report, f"{report[0]} (see the agent's log)"

    def finish(self) -> None:
        """End of the test: still running means stop cleanly now; ended means it was meant to.

        Whatever the test was about, the last answer of /metrics is one that Prometheus takes.
        """
        if self._process is None:
            return
        if self._scraped is not None and not EMULATED:  # the same text, and promtool takes long there
            check_metrics(self._scraped)
        if self.process.running:
            self.process.resume()
            self.stop()
        else:
            self.check_sanitizers()
            assert self._ended_on_purpose, f"the agent ended by itself: {self.process.returncode}"

    def reload(self, config: dict[str, Any] | str | None = None, status: int = 200) -> Any:
        """Reload, with another configuration if there is one; returns the answer."""
        if config is not None:
            self.write_config(config)
        response = self.admin("/v1/reload", "POST")
        assert response.status == status, response
        return response.json()

    # The API

    def _connection(self) -> http.client.HTTPConnection:
        if self.listen_addr.startswith("unix:"):
            return _UnixConnection(self.listen_addr.removeprefix("unix:"))
        host, _, port = self.listen_addr.rpartition(":")
        return http.client.HTTPConnection(host.strip("[]") or "127.0.0.1", int(port), timeout=TIMEOUT)

    def connect(self) -> http.client.HTTPConnection:
        """For more than one request, or for an answer that is read in parts."""
        with self._namespace.inside():
            connection = self._connection()
            connection.connect()
        return connection

    def request(
        self, method: str, target: str, headers: dict[str, str] | None = None
    ) -> Response:
        return self._ask(self.connect(), method, target, headers or {})

    def admin(self, target: str, method: str = "GET", body: bytes | None = None) -> Response:
        """A request on the admin socket, as root."""
        connection = _UnixConnection(str(self.run_dir / "api.sock"))
        connection.connect()
        return self._note(target, self._ask(connection, method, target, {}, body))

    def _note(self, target: str, response: Response) -> Response:
        if target == "/metrics" and response.status == 200:
            self._scraped = response.text
        return response

    @contextmanager
    def asking(
        self, method: str, target: str, body: bytes | None = None
    ) -> Iterator[Callable[[], Response]]:
        """The same, whose answer is waited for by calling what it yields, if at all."""
        connection = _UnixConnection(str(self.run_dir / "api.sock"))
        connection.request(method, target, body)

        def answer() -> Response:
            response = connection.getresponse()
            return Response(response.status, response.read().decode())

        yield answer
        connection.close()

    @staticmethod
    def _ask(
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes | None = None,
    ) -> Response:
        try:
            # It may be refused before all of it was read.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, target, body, headers)
            response = connection.getresponse()
            return Response(response.status, response.read().decode())
        finally:
            connection.close()

    def get(self, target: str) -> Response:
        return self._note(target, self.request("GET", target))

    def register(
        self,
        name: str,
        *vips: str,
        monitors: Sequence[str] = (),
        nats: Sequence[str] = (),
        communities: str | None = None,
        ttl: str | None = None,
    ) -> Response:
        query = [("name", name), *(("vip", vip) for vip in vips)]
        query += [("monitor", monitor) for monitor in monitors]
        query += [("nat", nat) for nat in nats]
        if communities is not None:
            query.append(("vip_communities", communities))
        if ttl is not None:
            query.append(("ttl", ttl))
        # Commands are accepted from administrators only.
        ask = self.admin if any(m.startswith("exec") for m in monitors) else self.get
        return ask("/register?" + urlencode(query))

    def unregister(self, name: str) -> Response:
        return self.get("/unregister?" + urlencode({"name": name}))

    def drain(self, app: str | None = None, **query: str) -> Any:
        """Drain an app, or the whole agent; returns the answer."""
        return self._change("drain", app, query)

    def undrain(self, app: str | None = None) -> Any:
        return self._change("undrain", app, {})

    def _change(self, what: str, app: str | None, query: dict[str, str]) -> Any:
        path = f"/v1/apps/{app}/{what}" if app else f"/v1/{what}"
        response = self.request("POST", f"{path}?{urlencode(query)}")
        assert response.status == 200, response
        return response.json()

    def status(self, path: str) -> Any:
        """The JSON of a path below /v1."""
        response = self.get(f"/v1/{path}")
        assert response.status == 200, response
        return response.json()

    def app(self, name: str) -> dict[str, Any]:
        return self.status(f"apps/{name}")

    def peer(self, address: str) -> dict[str, Any]:
        [peer] = [peer for peer in self.status("peers")["peers"] if peer["address"] == address]
        return peer

    def vip(self, prefix: str) -> dict[str, Any]:
        [vip] = [vip for vip in self.status("routes")["routes"] if vip["prefix"] == prefix]
        return vip

    def route_state(self, prefix: str, peer: str) -> str:
        """Where the route stands at this peer, like "sent" or "no-session"."""
        [entry] = [entry for entry in self.vip(prefix)["peers"] if entry["peer"] == peer]
        return entry["state"]

    def session_states(self) -> dict[str, int]:
        """Peer address -> session state as GoBGP numbers it (6 is established)."""
        peers = self.get("/info").json()
        return {
            peer["state"]["neighbor_address"]: peer["state"]["session_state"] for peer in peers
        }


def to_yaml(value: Any, indent: int = 0) -> str:
    """Block style YAML of dicts, lists and scalars, as a person would write the file."""
    pad = "  " * indent
    if isinstance(value, dict):
        lines = []
        for key, item in value.items():
            if isinstance(item, dict | list) and item:
                lines.append(f"{pad}{key}:\n{to_yaml(item, indent + 1)}")
            else:
                lines.append(f"{pad}{key}: {_scalar(item)}\n")
        return "".join(lines)
    if isinstance(value, list):
        # The first line of an item moves behind its dash.
        return "".join(f"{pad}- {to_yaml(item, indent + 1).lstrip()}" for item in value)
    return f"{pad}{_scalar(value)}\n"


def _scalar(value: Any) -> str:
    """Numbers and booleans as they are; strings quoted, so that "10:20" stays a string."""
    return json.dumps(value)
