# SPDX-License-Identifier: MIT
"""No connection of the host or of the agent comes from a VIP, whatever the host's other addresses are,
as seen at the far end; and an older VIP becomes such a one without losing a packet."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .configs import VIP4, app, config
from .netlink import SO_RCVBUFFORCE, LocalChanges, add_vip_of_0_1_0
from .netns import Namespace
from .old_kernel import kernel_keeps_tags
from .rawpeer import RawListener
from .testbed import ROUTER_AS, Testbed
from .wait import TIMEOUT, wait_until

OWN4, OWN6 = "10.99.0.1", "2001:db8:aa::1"
FAR4, FAR6 = "10.99.0.254", "2001:db8:bb::1"
# Closer to the far end than the host's own address, which RFC 6724 would prefer.
VIP6 = "2001:db8:bb::53/128"
BGP_PORT = 179


def unnumbered(bed: Testbed) -> Namespace:
    """Routing on the host: its addresses are on lo, the link has none."""
    link = bed.link()
    bed.host.ip(
        "addr flush dev eth1 scope global",
        "addr add fe80::2/64 dev eth1 nodad",
        f"addr add {OWN4}/32 dev lo",
        f"addr add {OWN6}/128 dev lo nodad",
        f"route add default via {FAR4} dev eth1 onlink",
        "route add ::/0 via fe80::1 dev eth1",
    )
    link.namespace.ip(
        "addr flush dev eth0 scope global",
        "addr add fe80::1/64 dev eth0 nodad",
        f"addr add {FAR4}/32 dev eth0",
        f"addr add {FAR6}/128 dev lo nodad",
        "route add default dev eth0",
        "route add ::/0 via fe80::2 dev eth0",
    )
    return link.namespace


class Sources:
    """Who sends SYNs, UDP packets and pings (port 0) to a namespace: read from the wire, whatever becomes of them."""

    def __init__(self, namespace: Namespace):
        with namespace.inside():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        self._socket.setblocking(False)
        self._found: set[tuple[int, str]] = set()

    def read(self) -> set[tuple[int, str]]:
        """(destination port, source address) of all so far."""
        while True:
            try:
                data, (_, _, kind, *_) = self._socket.recvfrom(65536)
            except BlockingIOError:
                return self._found
            if kind != socket.PACKET_OUTGOING:
                self._add(data)

    def _add(self, data: bytes) -> None:
        if data[0] >> 4 == 4:
            protocol, source, rest = data[9], data[12:16], data[(data[0] & 15) * 4 :]
            family = socket.AF_INET
        else:
            protocol, source, rest = data[6], data[8:24], data[40:]
            family = socket.AF_INET6
        is_syn = protocol == socket.IPPROTO_TCP and rest[13] & 0x12 == 0x02
        is_ping = protocol == socket.IPPROTO_ICMPV6 and rest[0] == 128
        if is_syn or is_ping or protocol == socket.IPPROTO_UDP:
            port = 0 if is_ping else int.from_bytes(rest[2:4], "big")
            self._found.add((port, socket.inet_ntop(family, source)))

    def of(self, port: int) -> set[str]:
        return {source for to, source in self.read() if to == port}


def wait_sources(sources: Sources, port: int, wanted: set[str]) -> None:
    wait_until(lambda: sources.of(port), f"a packet to port {port}")
    assert sources.of(port) == wanted, f"to port {port}"


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_bgp_never_starts_from_a_vip(bed: Testbed, family: str) -> None:
    """The addresses of the host are flushed and come back behind the VIP: the first one on lo is the
    VIP then. The router restarts all the while."""
    far = unnumbered(bed)
    own, router = (OWN4, FAR4) if family == "ipv4" else (OWN6, FAR6)
    length = 32 if family == "ipv4" else 128
    vip = VIP4 if family == "ipv4" else VIP6
    sources = Sources(far)
    listener = RawListener(far, router)
    entry = {
        "peer_ip": router,
        "peer_as": ROUTER_AS,
        "multi_hop": True,
        "connect_retry_max": "200ms",
    }
    agent = bed.start_agent(config(entry, apps=(app("web", vip),), router_id=OWN4))
    session = listener.accept()
    session.establish(ROUTER_AS, "10.99.0.254")
    session.expect_route(vip)
    bed.host.ip(f"addr del {own}/{length} dev lo")
    agent.wait_log("session ended")
    wait_until(
        lambda: "the only source address" in agent.peer(router)["last_error"]
        or "the only source address" in agent.peer(router)["path_error"],
        "the agent has only the VIP",
    )
    bed.host.ip(f"addr add {own}/{length} dev lo {'nodad' if family == 'ipv6' else ''}")
    if family == "ipv4":  # the kernel removes it with its last address
        bed.host.ip(f"route replace default via {FAR4} dev eth1 onlink")
    session = listener.accept()
    session.establish(ROUTER_AS, "10.99.0.254")
    session.expect_route(vip)
    assert sources.of(BGP_PORT) == {own}


def test_checks_and_consul_do_not_start_from_an_ipv6_vip(bed: Testbed) -> None:
    """`http`, `tcp` and `dns` monitors and the Consul client leave the source to the kernel, which
    leaves out deprecated addresses while there is another."""
    far = unnumbered(bed)
    sources = Sources(far)
    ports = {"http": 8000, "tcp": 8001, "dns": 8002, "consul": 8500}
    with far.inside():
        listeners = [
            socket.create_server((FAR6, ports[kind]), family=socket.AF_INET6)
            for kind in ("http", "tcp")
        ]
    monitors = (
        f"http://[{FAR6}]:{ports['http']}/",
        f"tcp:[{FAR6}]:{ports['tcp']}",
        f"dns:[{FAR6}]:{ports['dns']}:example.com:A",
    )
    entry = {"peer_ip": FAR6, "peer_as": ROUTER_AS, "multi_hop": True}
    structure = config(
        entry,
        apps=(app("vip", VIP6), app("checked", "2001:db8:cc::53/128", *monitors)),
        agent={"consul_addr": f"http://[{FAR6}]:{ports['consul']}"},
        router_id=OWN4,
    )
    bed.start_agent(structure)
    bed.wait_loopback({f"{OWN4}/32": "lo", f"{OWN6}/128": "", VIP6: ""})
    first = Sources(far)  # from here on the VIP is there
    for port in ports.values():
        wait_sources(first, port, {OWN6})
        assert sources.of(port) == {OWN6}
    for one in listeners:
        one.close()


LINK_LOCAL, UNIQUE_LOCAL = "fe80::2", "fd00:1::2"


@pytest.mark.parametrize(
    "own, ping", [(LINK_LOCAL, "raw"), (LINK_LOCAL, "datagram"), (UNIQUE_LOCAL, "datagram")]
)
def test_nothing_starts_from_a_vip_that_is_the_only_global_address(
    bed: Testbed, own: str, ping: str
) -> None:
    """Beside link-local addresses the kernel would choose it: the scope of an address counts more than
    that it is deprecated. The agent's sockets have the link-local one, as without the VIP, and reach
    what is on the link. A unique local address (RFC 4193) has the scope of a global one."""
    link = bed.link()
    bed.host.ip(
        "addr flush dev eth1",
        f"addr add {link.host_ip}/24 dev eth1",
        "addr add fe80::2/64 dev eth1 nodad",
        *([f"addr add {own}/64 dev eth1 nodad"] if own != LINK_LOCAL else []),
        "route add ::/0 via fe80::1 dev eth1",
    )
    link.namespace.ip(
        "addr flush dev eth0",
        "addr add fe80::1/64 dev eth0 nodad",
        f"addr add {FAR6}/128 dev lo nodad",
        "route add ::/0 via fe80::2 dev eth0",
    )
    with bed.host.inside():
        groups = "0 2147483647" if ping == "datagram" else "1 0"
        Path("/proc/sys/net/ipv4/ping_group_range").write_text(groups)
    resolv_conf = bed.workdir / "resolv.conf"
    resolv_conf.write_text(f"nameserver {FAR6}\n")
    ports = {"http": 8000, "tcp": 8001, "dns": 8002, "ntp": 8003, "consul": 8500, "ping": 0}
    with link.namespace.inside():
        servers = [
            socket.create_server((FAR6, ports[kind]), family=socket.AF_INET6)
            for kind in ("http", "tcp")
        ]
    monitors = {
        "http": f"http://[{FAR6}]:{ports['http']}/",
        "tcp": f"tcp:[{FAR6}]:{ports['tcp']}",
        "dns": f"dns:[{FAR6}]:{ports['dns']}:example.com:A",
        "ntp": f"ntp:[{FAR6}]:{ports['ntp']}",
        "ping": f"ping:{FAR6}",
        "name": "tcp:web.example.com:80",
        "own": f"tcp:[{VIP6.removesuffix('/128')}]:7777",
    }
    bed.start_service(7777, address="::")
    apps = [app(kind, f"2001:db8:cc::{i}/128", text) for i, (kind, text) in enumerate(monitors.items())]
    entry = {"peer_ip": "fe80::1%eth1", "peer_as": ROUTER_AS}
    listener = RawListener(link.namespace, "fe80::1%eth0")
    structure = config(
        entry,
        apps=(app("vip", VIP6), *apps),
        agent={"consul_addr": f"http://[{FAR6}]:{ports['consul']}"},
    )
    sources = Sources(link.namespace)
    agent = bed.start_agent(
        structure,
        wrapper=["unshare", "-m", "sh", "-c", f'mount --bind {resolv_conf} /etc/resolv.conf && exec "$@"', "sh"],
    )
    listener.accept()
    wait_until(lambda: VIP6 in bed.host.loopback_addresses(), "the VIP is there")
    first = Sources(link.namespace)  # from here on
    for port in ports.values():
        wait_sources(first, port, {own})
    wait_sources(sources, BGP_PORT, {LINK_LOCAL})
    for kind in ("tcp", "ping", "own"):
        wait_until(lambda: agent.app(kind)["health"] == "up", f"{kind} passes")
    if own == LINK_LOCAL:
        said = "the only source address towards 1 name server is a VIP"
        wait_until(lambda: said in agent.app("name")["reason"], "the resolver has no source")
    else:
        wait_sources(sources, 53, {own})
    assert {source for _, source in sources.read()} == {own, LINK_LOCAL}, sources.read()
    for one in servers:
        one.close()
    listener.close()


class Probe:
    """Asks for an echo from the far end without a pause, by UDP and by ping, and counts what is lost."""

    def __init__(self, host: Namespace, far: Namespace, vip: str):
        with host.inside():
            self._echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._echo.bind((vip, 7000))
        with far.inside():
            Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            icmp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        # The kernel fills in checksum and identifier of the echo request.
        self._askers = {"udp": (udp, b"echo"), "ping": (icmp, bytes([8, 0, 0, 0, 0, 0, 0, 1]))}
        for asker, _ in self._askers.values():
            asker.connect((vip, 7000))
            asker.settimeout(TIMEOUT)  # of what is lost: the answerer may be slow
        self._stop, self._answered = threading.Event(), threading.Event()
        self.sent = dict.fromkeys(self._askers, 0)
        self.lost = dict.fromkeys(self._askers, 0)
        self._answerer = threading.Thread(target=self._answer)
        self._threads = [threading.Thread(target=self._ask, args=(kind,)) for kind in self._askers]

    def _answer(self) -> None:
        self._echo.settimeout(0.1)
        while not self._answered.is_set():
            try:
                data, sender = self._echo.recvfrom(64)
            except TimeoutError:
                continue
            self._echo.sendto(data, sender)

    def _ask(self, kind: str) -> None:
        asker, request = self._askers[kind]
        while not self._stop.is_set():
            self.sent[kind] += 1
            try:
                asker.send(request)
                asker.recv(64)
            except OSError:  # none within the time limit, or refused
                self.lost[kind] += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in (self._answerer, *self._threads):
            thread.start()
        try:
            wait_until(lambda: min(self.sent.values()) > 100, "the probe runs")
            yield
        finally:
            self._threads[0].join(0.05)
            self._stop.set()
            for thread in self._threads:
                thread.join()
            self._answered.set()
            self._answerer.join()
            self._echo.close()
            for asker, _ in self._askers.values():
                asker.close()


def is_scope_host(host: Namespace, vips: list[str]) -> bool:
    info = host.ip_json("-4", "addr", "show", "dev", "lo")[0]["addr_info"]
    scopes = {entry["local"]: entry["scope"] for entry in info}
    return all(scopes.get(vip) == "host" for vip in vips)


def test_vip_of_an_older_version_changes_without_a_gap(bed: Testbed) -> None:
    """Version 0.1.0 bound it with scope global. The kernel does not change a scope in place: the agent
    deletes and adds the address, while a local route of its own delivers."""
    link = bed.link()
    vips = [f"192.0.2.{i}" for i in range(1, 65)]
    for vip in vips:
        add_vip_of_0_1_0(bed.host, vip, "lo:web")
    link.namespace.ip(f"route add 192.0.2.0/24 via {link.host_ip}")
    changes = LocalChanges(bed.host)
    probe = Probe(bed.host, link.namespace, vips[40])
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
    with probe.running():
        web = app("web", [f"{vip}/32" for vip in vips])
        agent = bed.start_agent(config(entry, apps=(web,)))
        if not kernel_keeps_tags():
            # Nothing says whose they are: there is no state file either.
            wait_until(
                lambda: agent.status("status")["vips"]["troubled"] == len(vips), "all are left alone"
            )
            assert not is_scope_host(bed.host, vips)
            return
        wait_until(lambda: is_scope_host(bed.host, vips), "all VIPs have scope host")
    assert not any(probe.lost.values()), f"{probe.lost} of {probe.sent} lost"
    seen = changes.read()
    for vip in vips:
        removed, added = seen.index(("address removed", vip)), seen.index(("route added", vip))
        assert added < removed, f"{vip}: nothing delivers in between"
    assert agent.status("status")["vips"]["troubled"] == 0
    changes.close()
