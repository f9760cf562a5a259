"""VIPs of services in containers whose ports are published by rules only: Docker without its proxy in
user space (iptables-nft, or legacy iptables), podman with netavark's nftables."""

from collections.abc import Callable

import pytest

from .nat import BACKENDS, Echo, NatBed, ask, nat_app, nat_status, wait_announced
from .testbed import Link, Testbed
from .wait import wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")
both = pytest.mark.parametrize("backend", BACKENDS)

PORT = 23722
VIP = "192.0.2.80"
INSIDE = 80
"""The port in the container, which is published as PORT."""


class Container:
    """A namespace behind the host, with an echo service in it."""

    def __init__(self, nat: NatBed):
        self.link: Link = nat.bed.link()
        self.ip, self.ip6 = self.link.router_ip, self.link.router_ip6
        namespace = self.link.namespace
        namespace.ip(
            f"route add default via {self.link.host_ip}",
            f"route add default via {self.link.host_ip6}",
        )
        Echo(namespace, INSIDE, self.ip, self.ip6)
        nat.host.forward()


def docker(nat: NatBed, container: Container, tool: str) -> None:
    """Docker's rules, in its order (moby, bridge driver, userland-proxy false)."""
    local = ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "DOCKER"]
    to = ["-j", "DNAT", "--to-destination", f"{container.ip}:{INSIDE}"]
    for rule in (
        ["-N", "DOCKER"],
        ["-A", "PREROUTING", *local],
        ["-A", "OUTPUT", *local],
        ["-A", "DOCKER", "-p", "tcp", "-m", "tcp", "--dport", str(PORT), *to],
    ):
        nat.host.run([tool, "-t", "nat", *rule])


def docker_nft(nat: NatBed, container: Container) -> None:
    docker(nat, container, "iptables-nft")


def docker_legacy(nat: NatBed, container: Container) -> None:
    docker(nat, container, "iptables-legacy")


def netavark(nat: NatBed, container: Container) -> None:
    """As netavark's nftables driver makes them."""
    nat.nft(
        f"""table inet netavark {{
            chain DNAT {{ tcp dport {PORT} dnat ip to {container.ip}:{INSIDE}; }}
            chain PREROUTING {{
                type nat hook prerouting priority dstnat; policy accept;
                fib daddr type local jump DNAT
            }}
            chain OUTPUT {{
                type nat hook output priority -100; policy accept;
                fib daddr type local jump DNAT
            }}
        }}"""
    )


Engine = Callable[[NatBed, Container], None]
# Chains of legacy iptables and of nftables with the same priority are in an order that depends on which
# was made first, so legacy iptables follows legacy iptables only.
engines = pytest.mark.parametrize(
    ("publish", "backend"),
    [
        (docker_nft, "nftables"),
        (docker_legacy, "nftables"),
        (netavark, "nftables"),
        (docker_legacy, "iptables"),
    ],
)


def assert_reaches(nat: NatBed, port: int = PORT) -> None:
    """The container answers with its own port, from another host and from this one."""
    for namespace in (nat.client, nat.host):
        assert ask(namespace, "tcp", VIP, port) == f"{INSIDE} hello", namespace.name


@engines
def test_the_published_port_is_that_of_the_container(
    bed: Testbed, publish: Engine, backend: str
) -> None:
    nat = NatBed(bed)
    container = Container(nat)
    publish(nat, container)
    agent = nat.start_agent(
        nat_app("whoami", f"{VIP}/32", [f"tcp:{PORT}"]), backend=backend
    )
    wait_announced(agent, "whoami")
    assert_reaches(nat)


@engines
def test_an_engine_that_starts_later(bed: Testbed, publish: Engine, backend: str) -> None:
    nat = NatBed(bed)
    container = Container(nat)
    agent = nat.start_agent(
        nat_app("whoami", f"{VIP}/32", [f"tcp:{PORT}"]), backend=backend
    )
    wait_announced(agent, "whoami")
    publish(nat, container)
    # With legacy iptables our rule is moved behind the new ones once it is noticed.
    wait_until(
        lambda: ask(nat.client, "tcp", VIP, PORT, patience=1.0) == f"{INSIDE} hello",
        "the container answers at the VIP",
    )
    assert_reaches(nat)
    assert "another process removed" not in agent.log
    assert nat_status(agent)["put_back"] == 0


@both
def test_without_an_engine_the_service_of_the_host_answers(bed: Testbed, backend: str) -> None:
    """The mapping to the same port is that to the host's address, where nothing is published."""
    nat = NatBed(bed)
    nat.start_echo(PORT)
    agent = nat.start_agent(
        nat_app("dns", [f"{VIP}/32", "2001:db8::80/128"], [f"tcp:{PORT}", f"udp:{PORT}"]),
        backend=backend,
    )
    wait_announced(agent, "dns")
    for protocol in ("tcp", "udp"):
        for vip in (VIP, "2001:db8::80"):
            for namespace in (nat.client, nat.host):
                assert ask(namespace, protocol, vip, PORT) == f"{PORT} hello"


@both
def test_mapping_that_changes_its_place(bed: Testbed, backend: str) -> None:
    """From another port to the same and back: one rule, at its place."""
    nat = NatBed(bed)
    nat.start_echo(PORT)
    nat.start_echo(8080)
    agent = nat.start_agent(backend=backend)
    for dest in (8080, PORT, 8080, PORT):
        assert agent.register("web", f"{VIP}/32", nats=[f"tcp:{PORT}:{dest}"]).status == 200
        wait_until(
            lambda: ask(nat.client, "tcp", VIP, PORT, patience=1.0) == f"{dest} hello",
            f"port {dest} answers at the VIP",
        )
        nat.wait_rules(backend, 2 if backend == "iptables" else 1)
