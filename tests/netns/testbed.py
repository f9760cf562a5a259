"""One test's network: a host for the agent, a namespace per router, links between them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .agent import Agent
from .netns import Namespace
from .routers import KINDS, Neighbour, Router, RouterConfig
from .service import Service
from .wait import wait_until

A = TypeVar("A", bound=Agent)

AGENT_AS = 65001
ROUTER_AS = 65000


@dataclass(frozen=True)
class Link:
    """A veth pair between the host and one router's namespace, with v4 and v6 addresses."""

    namespace: Namespace
    device: str
    """Name on the host's side."""
    host_ip: str
    host_ip6: str
    router_ip: str
    router_ip6: str


class Testbed:
    __test__ = False

    def __init__(self, workdir: Path):
        self.workdir = workdir
        self._namespaces: list[Namespace] = []
        self._agents: list[Agent] = []
        self._links = 0
        self.host = self.namespace("host")

    def namespace(self, role: str) -> Namespace:
        namespace = Namespace(role, self.workdir)
        self._namespaces.append(namespace)
        return namespace

    def link(self, namespace: Namespace | None = None) -> Link:
        """Link number n: host 10.0.n.2 and fd00:n::2, router 10.0.n.1 and fd00:n::1."""
        self._links += 1
        n = self._links
        far = namespace or self.namespace(f"router{n}")
        link = Link(
            far, f"eth{n}", f"10.0.{n}.2", f"fd00:{n}::2", f"10.0.{n}.1", f"fd00:{n}::1"
        )
        connect(self.host, far, n)
        return link

    def start_router(
        self,
        kind: str,
        link: Link | None = None,
        *,
        asn: int = ROUTER_AS,
        agent_asn: int = AGENT_AS,
        agent_ip: str | None = None,
        listen: str | None = None,
        observer: Neighbour | None = None,
        forwards: bool = False,
        **options: Any,
    ) -> Router:
        """A router of this kind at the far end of the link, ready to be connected to.

        Options are those of Neighbour, for the router's one neighbour: the agent.
        """
        link = link or self.link()
        listen = listen or link.router_ip
        neighbour = Neighbour(agent_ip or link.host_ip, agent_asn, **options)
        config = RouterConfig(asn, link.router_ip, listen, neighbour, observer, forwards)
        router = KINDS[kind](link.namespace, config, self.workdir)
        router.link = link
        router.start()
        return router

    def start_agent(self, config: dict[str, Any] | str, **options: Any) -> Agent:
        agent = self.make_agent(config, **options)
        agent.start()
        return agent

    def make_agent(
        self,
        config: dict[str, Any] | str,
        how: Callable[..., A] = Agent,
        namespace: Namespace | None = None,
        after: Agent | None = None,
        **options: Any,
    ) -> A:
        """`how`: Agent itself, or what runs it in another way. `namespace`: of another host. `after`:
        the next instance has the state of that one, which a kernel without tags cannot do without."""
        name = f"agent{len(self._agents) + 1}"
        agent = how(namespace or self.host, config, name=name, **options)
        if after:
            agent.state_dir, agent.state_file = after.state_dir, after.state_file
        self._agents.append(agent)
        return agent

    def start_service(self, port: int, protocol: str = "tcp", address: str = "::") -> Service:
        return Service(self.host, port, protocol, address)

    def wait_loopback(self, wanted: dict[str, str]) -> None:
        """Wait until lo of the host has exactly these addresses and labels."""
        wait_until(
            lambda: self.host.loopback_addresses() == wanted,
            f"exactly {wanted} on lo",
        )

    def wait_no_process(self, command: str) -> None:
        """Wait until no process with this command line runs in the host's namespace."""

        def found() -> list[int]:
            wanted = command.replace(" ", "\0").encode()
            return [pid for pid in self.host.pids() if wanted in _command_line(pid)]

        wait_until(lambda: not found(), f"no process '{command}'")

    def logs(self) -> dict[str, str]:
        """The logs of all processes of the test, for the report of a failure."""
        return {
            path.name: path.read_text(errors="replace")[-20000:]
            for path in sorted(self.workdir.rglob("*.log"))
        }

    def stop_agents(self) -> None:
        """End the agents that the test left running, and check that they end well."""
        for agent in self._agents:
            agent.finish()

    def destroy(self) -> None:
        for namespace in self._namespaces:
            namespace.destroy()
        self._namespaces.clear()


def connect(near: Namespace, far: Namespace, n: int, far_device: str = "eth0") -> None:
    """The veth pair number n; `near` has the .2 addresses."""
    device = f"eth{n}"
    near.ip(
        f"link add {device} type veth peer name {far_device} netns {far.name}",
        f"link set {device} up",
        f"addr add 10.0.{n}.2/24 dev {device}",
        f"addr add fd00:{n}::2/64 dev {device} nodad",
    )
    far.ip(
        f"link set {far_device} up",
        f"addr add 10.0.{n}.1/24 dev {far_device}",
        f"addr add fd00:{n}::1/64 dev {far_device} nodad",
    )


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
