"""NAT for the tests: an echo service behind the VIP, clients, and the rules that tools list."""

import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .agent import Agent
from .configs import app, config
from .netns import Namespace
from .testbed import Link, Testbed
from .wait import TIMEOUT, wait_until

VIP4, VIP6 = "192.0.2.53", "2001:db8::53"
VIPS = [f"{VIP4}/32", f"{VIP6}/128"]
LISTEN, DEST = 53, 8053
BACKENDS = ("nftables", "iptables")
PATIENCE = 1.0
"""How long a client waits for an answer that need not come."""

_OURS = re.compile(r'--comment "vipherald:nat(?::same)?" -j DNAT')

# Answers from the address it was asked at, with its port in front of what it was sent.
_ECHO = """
import selectors, socket, sys
port = int(sys.argv[1])
selector = selectors.DefaultSelector()
for address in sys.argv[2:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        s = socket.socket(family, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
        if kind == socket.SOCK_STREAM:
            s.listen()
        selector.register(s, selectors.EVENT_READ, kind)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if key.data == socket.SOCK_DGRAM:
            data, sender = key.fileobj.recvfrom(2048)
            key.fileobj.sendto(b"%d " % port + data, sender)
        else:
            connection, _ = key.fileobj.accept()
            with connection:
                connection.sendall(b"%d " % port + connection.recv(2048))
"""


class Echo:
    """TCP and UDP on one port of all addresses given; ends with the namespace."""

    def __init__(self, namespace: Namespace, port: int, *addresses: str):
        log = f"echo{port}.{len(namespace.processes)}"
        process = namespace.start([sys.executable, "-ISc", _ECHO, str(port), *addresses], log)
        process.wait_line("ready")


class Client:
    """A UDP socket that keeps its port, so that all it sends is one flow."""

    def __init__(
        self, namespace: Namespace, address: str, port: int = LISTEN, patience: float = PATIENCE
    ):
        with namespace.inside():
            self._socket = _socket(address, socket.SOCK_DGRAM, patience)
        self._socket.connect((address, port))

    def ask(self, text: str = "hello") -> str | None:
        return _exchange(self._socket, text)

    def wait_answer(self, wanted: str) -> None:
        """A service on a busy machine may take longer than PATIENCE for one answer."""
        wait_until(lambda: self.ask() == wanted, f"'{wanted}' over the flow")


def _socket(address: str, kind: socket.SocketKind, patience: float) -> socket.socket:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    s.settimeout(patience)
    return s


def _exchange(s: socket.socket, text: str) -> str | None:
    try:
        s.sendall(text.encode())
        return s.recv(2048).decode()
    except OSError:
        return None


def ask(
    namespace: Namespace,
    protocol: str,
    address: str,
    port: int = LISTEN,
    text: str = "hello",
    patience: float = TIMEOUT,
) -> str | None:
    """The answer, or None when there is none."""
    with namespace.inside():
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        s = _socket(address, kind, patience)
    with s:
        try:
            s.connect((address, port))
        except OSError:
            return None
        return _exchange(s, text)


def is_silent(namespace: Namespace, protocol: str, address: str, port: int = LISTEN) -> bool:
    return ask(namespace, protocol, address, port, patience=PATIENCE) is None


class NatBed:
    """A host with the echo service on its own addresses, and a client behind a link."""

    def __init__(self, bed: Testbed):
        self.bed = bed
        self.host = bed.host
        self.link: Link = bed.link()
        self.client = self.link.namespace
        self.client.ip(
            f"route add 192.0.2.0/24 via {self.link.host_ip}",
            f"route add 198.51.100.0/24 via {self.link.host_ip}",
            f"route add 2001:db8::/32 via {self.link.host_ip6}",
        )

    def start_echo(self, port: int = DEST) -> None:
        Echo(self.host, port, self.link.host_ip, self.link.host_ip6)

    def config(
        self, *apps: dict[str, Any], backend: str | None = None, **bgp: Any
    ) -> dict[str, Any]:
        structure = config(
            {"peer_ip": self.link.router_ip, "peer_as": 65000}, apps=apps, **bgp
        )
        if backend:
            structure["nat"] = {"backend": backend}
        return structure

    def start_agent(
        self, *apps: dict[str, Any], backend: str | None = None, **options: Any
    ) -> Agent:
        return self.bed.start_agent(self.config(*apps, backend=backend), **options)

    def answers(self, port: int = DEST) -> dict[str, str | None]:
        """Of every way to reach the VIPs."""
        return {
            f"{name} {protocol} {vip}": ask(namespace, protocol, vip)
            for name, namespace in (("client", self.client), ("host", self.host))
            for protocol in ("tcp", "udp")
            for vip in (VIP4, VIP6)
        }

    def assert_all_answer(self, port: int = DEST) -> None:
        answers = self.answers()
        assert len(answers) == 8
        assert set(answers.values()) == {f"{port} hello"}, answers

    # The rules, as tools list them

    def nft(self, text: str) -> None:
        with self.host.inside():
            subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)

    def ruleset(self) -> str:
        return self.host.run(["nft", "-s", "list", "ruleset"])

    def legacy_tables(self) -> str:
        """Those that exist; looking creates none."""
        with self.host.inside():
            return "".join(
                Path(f"/proc/thread-self/net/{name}").read_text()
                for name in ("ip_tables_names", "ip6_tables_names")
            )

    def legacy_rules(self) -> list[str]:
        """All rules of the nat tables that exist."""
        if not self.legacy_tables():
            return []
        saved = "".join(
            self.host.run([tool, "-t", "nat"])
            for tool in ("iptables-legacy-save", "ip6tables-legacy-save")
        )
        return [line for line in saved.splitlines() if line.startswith("-A ")]

    def our_rules(self, backend: str) -> list[str]:
        """Ours in this back end, one line each."""
        if backend == "iptables":
            return [rule for rule in self.legacy_rules() if _OURS.search(rule)]
        table = re.search(r"^table inet vipherald \{\n(.*?)^\}", self.ruleset(), re.M | re.S)
        lines = table[1].splitlines() if table else []
        # Elements, "KEY : VALUE", and the rules of networks.
        return [
            line.strip(" ,}\t").removeprefix("elements = { ")
            for line in lines
            if " : " in line and "type" not in line or "daddr 198" in line
        ]

    def wait_rules(self, backend: str, count: int) -> None:
        # nft fails when a table goes while it lists.
        wait_until(
            lambda: len(self.our_rules(backend)) == count,
            f"{count} rules of ours in {backend}",
            ignore=(subprocess.CalledProcessError,),
        )


def nat_app(
    name: str,
    vip: str | list[str] = VIPS,
    nats: Sequence[str] = (f"tcp:{LISTEN}:{DEST}", f"udp:{LISTEN}:{DEST}"),
    monitors: Sequence[str] = (),
) -> dict[str, Any]:
    return {**app(name, vip, *monitors), "nats": list(nats)}


def nat_status(agent: Agent) -> dict[str, Any]:
    response = agent.get("/v1/nat")
    assert response.status == 200, response
    return response.json()


def vip_status(agent: Agent, name: str) -> list[dict[str, Any]]:
    return agent.get(f"/v1/apps/{name}").json()["vips"]


def wait_announced(agent: Agent, name: str) -> None:
    wait_until(
        lambda: all(vip["form"] != "none" for vip in vip_status(agent, name)),
        f"{name} is announced",
        ignore=(KeyError,),
    )


def kernel_rules_per_mapping(backend: str) -> int:
    """A mapping is an element in nftables, and a rule in two chains in iptables."""
    return 2 if backend == "iptables" else 1
