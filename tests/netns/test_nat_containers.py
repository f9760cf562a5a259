"""VIPs of services in containers whose ports are published by rules only: Docker without its proxy in
user space (iptables-nft, or legacy iptables), podman with netavark's nftables."""

import re
import socket
from collections.abc import Callable

import pytest

from .agent import Agent
from .consul import Consul, tags
from .nat import (
    BACKENDS,
    Echo,
    NatBed,
    ask,
    nat_app,
    nat_status,
    vip_status,
    wait_announced,
)
from .testbed import Link, Testbed
from .wait import never, wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")
both = pytest.mark.parametrize("backend", BACKENDS)

PORT = 23722
VIP, VIP6 = "192.0.2.80", "2001:db8::80"
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


def test_port_that_podman_holds_open(bed: Testbed) -> None:
    """conmon listens on a published port and never accepts: a socket is there, the rule serves."""
    nat = NatBed(bed)
    container = Container(nat)
    netavark(nat, container)
    with nat.host.inside(), socket.socket() as conmon:
        conmon.bind(("0.0.0.0", PORT))
        conmon.listen()
        agent = nat.start_agent(
            nat_app("whoami", f"{VIP}/32", [f"tcp:{PORT}"], [f"port:tcp:{PORT}"]),
            backend="nftables",
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
    # With legacy iptables our rule is moved behind the new ones, in both chains, once it is noticed.
    for namespace in (nat.client, nat.host):
        wait_until(
            lambda: ask(namespace, "tcp", VIP, PORT, patience=1.0) == f"{INSIDE} hello",
            f"the container answers {namespace.name} at the VIP",
        )
    assert "another process removed" not in agent.log
    assert nat_status(agent)["put_back"] == 0


@both
def test_without_an_engine_the_service_of_the_host_answers(bed: Testbed, backend: str) -> None:
    """The mapping to the same port is that to the host's address, where nothing is published."""
    nat = NatBed(bed)
    nat.start_echo(PORT)
    agent = nat.start_agent(
        nat_app("dns", [f"{VIP}/32", f"{VIP6}/128"], [f"tcp:{PORT}", f"udp:{PORT}"]),
        backend=backend,
    )
    wait_announced(agent, "dns")
    for protocol in ("tcp", "udp"):
        for vip in (VIP, VIP6):
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


# Mappings to an address


def set_sysctl(nat: NatBed, name: str, value: str) -> None:
    nat.host.run(["sysctl", "-qw", f"{name}={value}"])


def wait_error(agent: Agent, name: str, *words: str) -> None:
    def has() -> bool:
        vip = vip_status(agent, name)[0]
        return vip["form"] == "none" and all(word in (vip["error"] or "") for word in words)

    wait_until(has, f"{name} has the error {words}", ignore=(KeyError,))


def targets(container: Container) -> list[str]:
    """To the container itself, past what the engine publishes."""
    return [
        f"{protocol}:80:{address}:{INSIDE}"
        for protocol in ("tcp", "udp")
        for address in (container.ip, f"[{container.ip6}]")
    ]


@both
def test_address_of_a_container(bed: Testbed, backend: str) -> None:
    nat = NatBed(bed)
    container = Container(nat)
    agent = nat.start_agent(
        nat_app("web", [f"{VIP}/32", f"{VIP6}/128"], targets(container)), backend=backend
    )
    wait_announced(agent, "web")
    for protocol in ("tcp", "udp"):
        for vip in (VIP, VIP6):
            for namespace in (nat.client, nat.host):
                assert ask(namespace, protocol, vip, 80) == f"{INSIDE} hello"
    assert sorted(agent.app("web")["nats"]) == sorted(targets(container))
    assert {rule["to"] for rule in nat_status(agent)["rules"]} == {
        f"{container.ip}:{INSIDE}",
        f"[{container.ip6}]:{INSIDE}",
    }
    agent.stop()
    assert nat.our_rules(backend) == []


def test_address_comes_before_a_published_port(bed: Testbed) -> None:
    """Equal ports, but the operator has said which container."""
    nat = NatBed(bed)
    published, meant = Container(nat), Container(nat)
    Echo(meant.link.namespace, PORT, meant.ip)
    docker_nft(nat, published)
    agent = nat.start_agent(
        nat_app("web", f"{VIP}/32", [f"tcp:{PORT}:{meant.ip}:{PORT}"]), backend="nftables"
    )
    wait_announced(agent, "web")
    assert ask(nat.client, "tcp", VIP, PORT) == f"{PORT} hello"


def test_no_forwarding_is_named(bed: Testbed) -> None:
    nat = NatBed(bed)
    container = Container(nat)
    set_sysctl(nat, "net.ipv4.ip_forward", "0")
    agent = nat.start_agent(nat_app("web", f"{VIP}/32", [f"tcp:80:{container.ip}:{INSIDE}"]))
    wait_error(agent, "web", f"tcp:80:{container.ip}:{INSIDE}", "net.ipv4.ip_forward=1")
    set_sysctl(nat, "net.ipv4.ip_forward", "1")
    wait_announced(agent, "web")
    assert ask(nat.client, "tcp", VIP, 80) == f"{INSIDE} hello"


def test_loopback_address(bed: Testbed) -> None:
    """Of the configuration, and only where the kernel lets other hosts' packets there."""
    nat = NatBed(bed)
    Echo(nat.host, 8081, "127.0.0.1")
    agent = nat.start_agent(nat_app("web", f"{VIP}/32", ["tcp:80:127.0.0.1:8081"]))
    wait_error(agent, "web", "net.ipv4.conf.all.route_localnet=1")
    set_sysctl(nat, "net.ipv4.conf.all.route_localnet", "1")
    wait_announced(agent, "web")
    assert ask(nat.client, "tcp", VIP, 80) == "8081 hello"


def test_http_reaches_networks_of_this_host_only(bed: Testbed) -> None:
    nat = NatBed(bed)
    container = Container(nat)
    agent = nat.start_agent()
    for address in ("198.18.0.1", "127.0.0.1"):
        response = agent.register("web", f"{VIP}/32", nats=[f"tcp:80:{address}:80"])
        assert response.status == 403
        assert f"Forbidden: NAT mapping tcp:80:{address}:80" in response.text
        assert "not on a directly connected network" in response.text
        assert agent.get("/v1/apps/web").status == 404
    nats = [f"tcp:80:{container.ip}:{INSIDE}"]
    assert agent.register("web", f"{VIP}/32", nats=nats).status == 200
    wait_announced(agent, "web")
    assert ask(nat.client, "tcp", VIP, 80) == f"{INSIDE} hello"


def test_network_of_containers_that_is_there_later(bed: Testbed) -> None:
    """A registration of HTTP and a service of Consul are kept across a start without the network."""
    nat = NatBed(bed)
    container = Container(nat)
    consul = Consul(bed.host)
    structure = nat.config()
    structure["agent"]["consul_addr"] = consul.addr
    agent = bed.start_agent(structure)
    mapping = f"tcp:80:{container.ip}:{INSIDE}"
    assert agent.register("web", f"{VIP}/32", nats=[mapping]).status == 200
    consul.register("api", tags("192.0.2.81/32", f"gocast_nat={mapping}"))
    wait_announced(agent, "web")
    wait_announced(agent, "api")
    agent.kill()
    device, host_ip = container.link.device, container.link.host_ip
    nat.host.ip(f"addr del {host_ip}/24 dev {device}")
    agent.start()
    for name in ("web", "api"):
        wait_error(agent, name, f"{container.ip} is not on a directly connected network")
    nat.host.ip(f"addr add {host_ip}/24 dev {device}")
    for name, vip in (("web", VIP), ("api", "192.0.2.81")):
        wait_announced(agent, name)
        assert ask(nat.client, "tcp", vip, 80) == f"{INSIDE} hello"


# Where nothing listens


def unserved(agent: Agent) -> list[str]:
    alarms = agent.status("status")["alarms"]
    return [alarm["text"] for alarm in alarms if alarm["alarm"] == "nat-unserved"]


def sockets(agent: Agent, name: str) -> list[bool | None]:
    return [rule["socket"] for rule in agent.app(name)["nat"]["rules"]]


def test_mapping_to_a_published_port_is_noticed(bed: Testbed) -> None:
    nat = NatBed(bed)
    docker_nft(nat, Container(nat))
    agent = nat.start_agent(
        nat_app("whoami", f"{VIP}/32", [f"tcp:80:{PORT}"]), backend="nftables"
    )
    wait_announced(agent, "whoami")
    target = f"{nat.link.host_ip}:{PORT}"
    agent.wait_log(re.escape(f"WARN  nat: {VIP}/32: no socket listens at {target} (tcp)"))
    assert sockets(agent, "whoami") == [False]
    [text] = wait_until(lambda: unserved(agent), "the alarm")
    assert "vipherald_nat_vips_unserved 1\n" in agent.get("/metrics").text
    assert text.startswith(f"{VIP}/32: port 80 is translated to {target} (tcp)")
    nat.start_echo(PORT)
    assert ask(nat.client, "tcp", VIP, 80) == f"{PORT} hello"
    assert sockets(agent, "whoami") == [True]
    wait_until(lambda: unserved(agent) == [], "the alarm is over")
    assert "vipherald_nat_vips_unserved 0\n" in agent.get("/metrics").text


def test_all_unserved_vips_are_counted(bed: Testbed) -> None:
    """Asking the kernel for each takes so long that it is done in many turns of the loop."""
    nat = NatBed(bed)
    n = 150
    apps = [nat_app(f"a{i}", f"198.18.0.{i}/32", [f"tcp:80:{20000 + i}"]) for i in range(n)]
    agent = nat.start_agent(*apps, backend="nftables")
    for of in apps:
        wait_announced(agent, of["name"])

    def counted() -> int:
        [alarm] = [a for a in agent.status("status")["alarms"] if a["alarm"] == "nat-unserved"]
        return alarm["count"]

    wait_until(lambda: counted() == n, "all are in the alarm", ignore=(ValueError,))
    assert f"vipherald_nat_vips_unserved {n}\n" in agent.get("/metrics").text


def test_same_port_and_an_address_raise_no_alarm(bed: Testbed) -> None:
    nat = NatBed(bed)
    container = Container(nat)
    docker_nft(nat, container)
    agent = nat.start_agent(
        nat_app("same", f"{VIP}/32", [f"tcp:{PORT}"]),
        nat_app("address", "192.0.2.81/32", [f"tcp:80:{container.ip}:{INSIDE}"]),
        backend="nftables",
    )
    for name in ("same", "address"):
        wait_announced(agent, name)
    target = f"{nat.link.host_ip}:{PORT}"
    agent.wait_log(re.escape(f"INFO  nat: {VIP}/32: no socket listens at {target} (tcp)"))
    assert sockets(agent, "same") == [False]
    assert sockets(agent, "address") == [None]
    never(lambda: unserved(agent), "an alarm", 2)
    assert "192.0.2.81/32: no socket" not in agent.log
