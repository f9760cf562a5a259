"""The interface of all routers, and the common form in which routes are compared."""

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..netns import Namespace
from ..process import Process
from ..wait import wait_until

REPO = Path(__file__).resolve().parents[3]
PEERS = REPO / ".deps" / "peers"


def unpacked(path: str) -> Path:
    """A file of a router's package, as scripts/deps.sh unpacked it."""
    full = PEERS / path
    assert full.exists(), f"{full} is missing: run 'scripts/deps.sh test'"
    return full


def library_env(*more: str) -> dict[str, str]:
    """The environment in which the unpacked programs find their unpacked libraries."""
    roots = [path for path in (PEERS / "usr/lib").glob("*-linux-gnu*") if path.is_dir()]
    paths = [root / sub for root in roots for sub in ("", *more)]
    return {"LD_LIBRARY_PATH": ":".join(str(path) for path in paths)}


@dataclass(frozen=True)
class Neighbour:
    """The agent, as the router is told about it."""

    ip: str
    asn: int
    password: str | None = None
    multihop: int | None = None
    """TTL to use towards a neighbour that is not directly connected."""
    ttl_security: bool = False
    passive: bool = True
    """Whether the router waits to be connected to."""
    hold_time: int = 90
    graceful_restart: bool | None = None
    """Whether the router keeps the agent's routes while it restarts; None: as it comes."""
    long_lived: int | None = None
    """RFC 9494, in seconds (FRR; BIRD has it with graceful restart)."""
    role: str | None = None
    """RFC 9234, in the router's own word (FRR and BIRD only)."""
    role_strict: bool = False
    families: tuple[str, ...] = ("ipv4", "ipv6")
    """Which the router has for the neighbour (FRR and BIRD only)."""
    mandatory: bool = False
    """Whether each of them is required for a session (BIRD only)."""
    limit: int | None = None
    """Prefixes of a family beyond which the router ends the session (FRR and BIRD only)."""
    extra: tuple[str, ...] = ()
    """Further options of the neighbour, in the router's own words (FRR and BIRD only)."""


@dataclass(frozen=True)
class RouterConfig:
    asn: int
    router_id: str
    listen: str
    neighbour: Neighbour
    observer: Neighbour | None = None
    """Who connects to be told of each of the routes that the agent announces."""
    forwards: bool = False
    """Whether IPv4 routes go to the kernel, so that traffic follows them (BIRD only)."""


@dataclass(frozen=True)
class Route:
    """A route as the router reports it. None means that the router reports no such attribute.

    Communities are sorted, since most routers do that; their order on the wire is the business of
    test_wire.py.
    """

    prefix: str
    next_hop: str
    as_path: tuple[int, ...]
    origin: str
    """igp, egp or incomplete"""
    communities: tuple[str, ...]
    local_pref: int | None = None
    med: int | None = None
    large_communities: tuple[str, ...] = ()
    ext_communities: tuple[str, ...] = ()
    """Route targets and sites of origin, as "rt:65001:100" and "soo:65001:100"."""
    only_to_customer: int | None = None
    """RFC 9234 (FRR and BIRD only)."""


_NAMED = {
    "gracefulshutdown": "65535:0",
    "graceful_shutdown": "65535:0",
    "llgrstale": "65535:6",
}


def sort_communities(communities: Iterable[str]) -> tuple[str, ...]:
    """Some routers give names to well-known ones."""
    numbers = (_NAMED.get(text.lower(), text) for text in communities)
    return tuple(sorted(numbers, key=lambda text: [int(part) for part in text.split(":")]))


def sort_ext_communities(communities: Iterable[str]) -> tuple[str, ...]:
    """Normalises the routers' notations: "RT:1:2", "rt 1:2", "SoO:1:2", "ro 1:2"."""
    texts = (text.lower().replace(" ", ":") for text in communities)
    return tuple(sorted(text.replace("ro:", "soo:").replace("target:", "rt:") for text in texts))


class Router(ABC):
    kind: ClassVar[str]
    lacks: ClassVar[frozenset[str]] = frozenset()
    """Features that the packaged daemon lacks as the listening side: "md5", "gtsm"."""
    link: Any
    """The link between host and router (set by the test bed)."""

    def __init__(self, namespace: Namespace, config: RouterConfig, workdir: Path):
        self.namespace = namespace
        self.config = config
        self.dir = workdir / f"{self.kind}-{namespace.role}"
        self.dir.mkdir()
        self._process: Process | None = None

    # Methods of each kind

    @abstractmethod
    def _launch(self) -> Process:
        """Write the configuration files and start the daemon."""

    @abstractmethod
    def is_established(self) -> bool:
        """Whether the session with the neighbour is up, as the router says."""

    @abstractmethod
    def routes(self) -> dict[str, Route]:
        """The routes that the neighbour announced, as the router says."""

    # Common methods

    def prefixes(self) -> set[str]:
        """Only which routes there are: cheaper than routes() where that asks for each."""
        return set(self.routes())

    @classmethod
    def accepts(cls, session: str) -> bool:
        """Whether the daemon can wait for this kind of session."""
        return session not in cls.lacks

    @property
    def ip(self) -> str:
        return self.config.listen

    @property
    def log_name(self) -> str:
        return f"{self.dir.name}/daemon"

    def start(self) -> None:
        """Start the daemon; returns when it accepts connections."""
        self._process = self._launch()
        wait_until(self._is_ready, f"{self.kind} listens on port 179")

    def _is_ready(self) -> bool:
        assert self.process.running, f"{self.kind} ended:\n{self.process.log}"
        return self.namespace.is_listening(179)

    @property
    def process(self) -> Process:
        assert self._process is not None, "the router was not started"
        return self._process

    def stop(self) -> None:
        """A clean stop."""
        self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to the daemon and all its helpers."""
        self.process.kill()
        wait_until(lambda: not self.namespace.is_listening(179), f"{self.kind} is dead")

    def restart(self) -> None:
        if self.process.running:
            self.stop()
        self.start()

    def control(self, argv: Sequence[str | Path]) -> str:
        """Run the router's own control program."""
        result = subprocess.run(
            [str(word) for word in argv], capture_output=True, text=True, timeout=20
        )
        if result.returncode != 0:
            raise NotReady(f"{argv}: {result.stderr or result.stdout}")
        return result.stdout

    def wait_established(self) -> None:
        wait_until(self.is_established, f"{self.kind}: session established", ignore=(NotReady,))

    def wait_not_established(self) -> None:
        wait_until(
            lambda: not self.is_established(), f"{self.kind}: session down", ignore=(NotReady,)
        )

    def wait_route(self, prefix: str) -> Route:
        return self._wait_routes(lambda routes: prefix in routes, f"route {prefix}")[prefix]

    def wait_no_route(self, prefix: str) -> None:
        self._wait_routes(lambda routes: prefix not in routes, f"no route {prefix}")

    def wait_routes(self, *prefixes: str) -> dict[str, Route]:
        """Wait until exactly these prefixes are there."""
        return self._wait_routes(lambda routes: set(routes) == set(prefixes), f"routes {prefixes}")

    def _wait_routes(self, wanted: Any, what: str) -> dict[str, Route]:
        """Returns the routes that were looked at: the next look may meet with another moment."""

        class Mismatch(Exception):
            pass

        def check() -> list[dict[str, Route]]:
            routes = self.routes()
            if not wanted(routes):
                raise Mismatch(f"routes: {list(routes.values())}")
            return [routes]

        [found] = wait_until(check, f"{self.kind}: {what}", ignore=(NotReady, Mismatch))
        return found


class NotReady(Exception):
    """The control program could not talk to the daemon (yet)."""


class CountingRouter(Router):
    """One that tells how much the agent has sent: FRR and BIRD."""

    @abstractmethod
    def received(self) -> tuple[str, int]:
        """Which session it is, and what came over it as the router counts that: UPDATEs at FRR,
        routes and withdrawals at BIRD.
        """
