"""BFD on the wire: with a scripted peer, over IPv6, and what routers see of a host that stops or hangs."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent
from .bfdpeer import PORT as PACKET_PORT
from .bfdpeer import (
    ADMIN_DOWN,
    AUTHENTICATED,
    DEMAND,
    DOWN,
    FINAL,
    INIT,
    MULTIPOINT,
    POLL,
    UP,
    BfdPeer,
    Packet,
)
from .bgp import ADMIN_RESET, CEASE, HARD_RESET, IPV4_UNICAST, Graceful, usual_capabilities
from .configs import DNS, PORT, VIP4, VIP6, config, peer
from .rawpeer import RawListener
from .routers import Neighbour, RouterConfig
from .routers.bfd import BfdBird, BfdFrr, BfdRouter, start_bfd_router
from .testbed import AGENT_AS, ROUTER_AS, Link, Testbed
from .wait import TIMEOUT, never, wait_until

BFD_PORT = PACKET_PORT.to_bytes(2, "big")
FAST = {"interval": "100ms", "multiplier": 5}


@pytest.fixture(params=["bird", "frr"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def link(bed: Testbed) -> Link:
    return bed.link()


@pytest.fixture
def router(link: Link) -> Iterator[BfdPeer]:
    """There is no BGP behind it."""
    scripted = BfdPeer(link.namespace, link.router_ip, link.host_ip)
    yield scripted
    scripted.close()


def start(bed: Testbed, link: Link, **keys: Any) -> Agent:
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "bfd": {**FAST, **keys}}
    return bed.start_agent(config(entry))


def bfd(agent: Agent, address: str) -> dict[str, Any]:
    return agent.peer(address)["bfd"]


def wait_state(agent: Agent, address: str, state: str) -> None:
    wait_until(lambda: bfd(agent, address)["state"] == state, f"BFD {state}")


def helper(bed: Testbed) -> int:
    def name(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return ""

    [pid] = [pid for pid in bed.host.pids() if name(pid) == "vipherald-bfd"]
    return pid


# ---- a scripted peer ----


def test_is_slow_until_up_and_polls(bed: Testbed, link: Link, router: BfdPeer) -> None:
    agent = start(bed, link)
    first = router.expect(DOWN)
    assert first.your_discr == 0 and first.my_discr != 0
    assert (first.min_tx, first.min_rx, first.min_echo_rx) == (1_000_000, 100_000, 0)
    assert first.multiplier == 5 and first.flags == 0 and first.diagnostic == 0
    router.send(Packet(DOWN))
    assert router.expect(INIT).your_discr == 0x77
    router.send(router.packet(UP))
    polling = router.expect(UP, POLL)
    assert polling.min_tx == 100_000 and polling.my_discr == first.my_discr
    router.send(router.packet(UP, flags=FINAL))
    while router.receive().flags & POLL:
        pass
    wait_state(agent, link.router_ip, "up")


def test_poll_is_answered(bed: Testbed, link: Link, router: BfdPeer) -> None:
    start(bed, link)
    router.come_up()
    router.send(router.packet(UP, flags=POLL))
    assert not router.expect(UP, FINAL).flags & POLL


def test_change_of_timers_begins_a_poll(bed: Testbed, link: Link, router: BfdPeer) -> None:
    agent = start(bed, link)
    router.come_up()
    with router.staying_up():
        wait_state(agent, link.router_ip, "up")
        entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
        agent.reload(config({**entry, "bfd": {**FAST, "interval": "400ms"}}))
        while (polling := router.expect(UP, POLL)).min_tx != 400_000:
            pass
        assert bfd(agent, link.router_ip)["interval_seconds"] == 0.1
        router.send(router.packet(UP, flags=FINAL))
        wait_until(lambda: bfd(agent, link.router_ip)["interval_seconds"] == 0.4, "the other one")
    assert polling.multiplier == 5


def test_demand_mode_of_the_peer(bed: Testbed, link: Link, router: BfdPeer) -> None:
    """RFC 5880 6.6: nothing periodic is sent to it; its polls are answered."""
    agent = start(bed, link)
    router.come_up()
    router.send(router.packet(UP, flags=DEMAND | FINAL))
    wait_until(lambda: bfd(agent, link.router_ip)["interval_seconds"] == 0, "silence")
    router.send(router.packet(UP, flags=DEMAND | POLL))
    router.expect(UP, FINAL)


MALFORMED: list[tuple[str, Callable[[Packet], bytes]]] = [
    ("version", lambda p: replace(p, version=0).encode()),
    ("version", lambda p: replace(p, version=2).encode()),
    ("length", lambda p: p.encode()[:23]),
    ("length", lambda p: b""),
    ("length", lambda p: replace(p, length=23).encode()),
    ("length", lambda p: replace(p, length=25).encode()),
    ("length", lambda p: replace(p, length=255).encode()),
    ("length", lambda p: replace(p, flags=AUTHENTICATED).encode()),
    ("multiplier", lambda p: replace(p, multiplier=0).encode()),
    ("multipoint", lambda p: replace(p, flags=MULTIPOINT).encode()),
    ("my-discriminator", lambda p: replace(p, my_discr=0).encode()),
    ("your-discriminator", lambda p: replace(p, your_discr=p.your_discr ^ 1).encode()),
    ("your-discriminator", lambda p: replace(p, your_discr=0, state=UP).encode()),
    ("your-discriminator", lambda p: replace(p, your_discr=0, state=INIT).encode()),
]


def test_malformed_packets_are_counted(bed: Testbed, link: Link, router: BfdPeer) -> None:
    """Each would take the session down, if it counted."""
    agent = start(bed, link)
    router.come_up()
    with router.staying_up():
        wait_state(agent, link.router_ip, "up")
        for _, octets in MALFORMED:
            router.send_octets(octets(router.packet(DOWN)))
        for cause in {cause for cause, _ in MALFORMED}:
            n = sum(cause == other for other, _ in MALFORMED)
            line = f'vipherald_bfd_packets_unmatched_total{{cause="{cause}"}} {n}'
            wait_until(lambda line=line: line in agent.get("/metrics").text, line)
        found = bfd(agent, link.router_ip)
        assert found["state"] == "up" and found["down_events"] == 0


@pytest.mark.parametrize(
    ("cause", "ttl", "octets"),
    [
        ("ttl", 254, b""),
        ("ttl", 1, b""),
        ("authentication", 255, bytes([1, 9, 1, *b"secret"])),
    ],
)
def test_packets_that_may_not_count(
    bed: Testbed, link: Link, router: BfdPeer, cause: str, ttl: int, octets: bytes
) -> None:
    """Valid, but for their TTL (RFC 5881 5), or an authentication that is not expected."""
    agent = start(bed, link)
    router.come_up()
    with router.staying_up():
        wait_state(agent, link.router_ip, "up")
        router.set_ttl(ttl)
        flags = AUTHENTICATED if octets else 0
        packet = router.packet(DOWN, flags=flags, length=24 + len(octets))
        router.send_octets(packet.encode() + octets)
        router.set_ttl(255)
        wait_until(
            lambda: bfd(agent, link.router_ip)["packets"]["dropped"][cause] > 0, "the counter"
        )
        assert bfd(agent, link.router_ip)["down_events"] == 0


def test_passive_waits(bed: Testbed, link: Link, router: BfdPeer) -> None:
    agent = start(bed, link, passive=True)
    wait_until(lambda: bfd(agent, link.router_ip)["discriminator"] != 0, "the session")
    never(lambda: bfd(agent, link.router_ip)["packets"]["sent"] > 0, "a packet", 1.5)
    router.send(Packet(DOWN))
    router.expect(INIT)


def test_stop_says_admin_down(bed: Testbed, link: Link, router: BfdPeer) -> None:
    agent = start(bed, link)
    router.come_up()
    with router.staying_up():
        wait_state(agent, link.router_ip, "up")
        agent.process.signal(signal.SIGTERM)
        assert router.expect(ADMIN_DOWN).diagnostic == 7
    agent.expect_exit(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
def test_admin_down_follows_the_end_of_bgp(
    bed: Testbed, link: Link, router: BfdPeer, number: signal.Signals
) -> None:
    """FRR drops, for BFD, the routes that it would keep, when it reads AdminDown first."""
    listener = RawListener(link.namespace, link.router_ip)
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "bfd": FAST, "graceful_restart": True}
    agent = bed.start_agent(config(entry))
    session = listener.accept()
    keeps = Graceful(time=60, families={IPV4_UNICAST: True}, notification=True)
    session.establish(ROUTER_AS, link.router_ip, capabilities=usual_capabilities(ROUTER_AS) + keeps.encode())
    router.come_up()
    with router.staying_up():
        wait_state(agent, link.router_ip, "up")
        agent.process.signal(number)
        stops = number == signal.SIGTERM
        session.expect_notification(CEASE, HARD_RESET if stops else ADMIN_RESET)
        for _ in range(3):
            assert router.receive().state == UP
        session.close()
        assert router.expect(ADMIN_DOWN).diagnostic == 7
    agent.expect_exit(0)


# ---- routers ----


def wait_up(agent: Agent, router: BfdRouter, address: str = "") -> None:
    router.wait_final()
    wait_state(agent, address or router.ip, "up")


def start_agent(bed: Testbed, router: BfdRouter, **keys: Any) -> Agent:
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router, **{"bfd": True, **keys}), apps=(DNS,)))
    wait_up(agent, router)
    router.wait_routes(VIP4, VIP6)
    return agent


def start_over_ipv6(bed: Testbed, link: Link, kind: type[BfdRouter], host: str) -> BfdRouter:
    neighbour = Neighbour(host, AGENT_AS)
    router = kind(
        link.namespace, RouterConfig(ROUTER_AS, link.router_ip, "::", neighbour), bed.workdir
    )
    router.link = link
    router.start()
    return router


@pytest.mark.parametrize("kind", [BfdBird, BfdFrr])
def test_ipv6(bed: Testbed, link: Link, kind: type[BfdRouter]) -> None:
    router = start_over_ipv6(bed, link, kind, link.host_ip6)
    entry = {"peer_ip": link.router_ip6, "peer_as": ROUTER_AS, "bfd": True}
    agent = bed.start_agent(config(entry))
    wait_up(agent, router, link.router_ip6)
    assert bfd(agent, link.router_ip6)["local_address"] == link.host_ip6


def test_link_local(bed: Testbed, link: Link) -> None:
    bed.host.ip(f"addr add fe80::2/64 dev {link.device} nodad")
    link.namespace.ip("addr add fe80::1/64 dev eth0 nodad")
    router = start_over_ipv6(bed, link, BfdFrr, "fe80::2")
    address = f"fe80::1%{link.device}"
    agent = bed.start_agent(config({"peer_ip": address, "peer_as": ROUTER_AS, "bfd": True}))
    wait_up(agent, router, address)
    assert bfd(agent, address)["interface"] == link.device


AUTHENTICATION = {"sha1": "keyed sha1", "meticulous-sha1": "meticulous keyed sha1"}


@pytest.mark.parametrize("name", AUTHENTICATION)
def test_authentication(bed: Testbed, name: str) -> None:
    """It stays up with other timers, which are agreed on by signed packets."""
    # For a process that stands still for a moment: it is silent for seconds before BFD is down.
    setup = {"authentication": AUTHENTICATION[name], "multiplier": 8}
    router = start_bfd_router(bed, "bird", setup=setup)
    keys = {"authentication": name, "key_id": 3, "password": "secret", "multiplier": 30}
    agent = bed.start_agent(config(peer(router, bfd=keys)))
    wait_up(agent, router)
    agent.reload(config(peer(router, bfd={**keys, "interval": "500ms"})))
    wait_until(lambda: bfd(agent, router.ip)["interval_seconds"] == 0.5, "the other interval")
    assert bfd(agent, router.ip)["down_events"] == 0
    agent.reload(config(peer(router, bfd={**keys, "password": "another"})))
    wait_until(
        lambda: bfd(agent, router.ip)["packets"]["dropped"]["authentication"] > 0, "the counter"
    )
    wait_state(agent, router.ip, "down")


def test_killed_agent_is_silent(bed: Testbed, kind: str) -> None:
    """SIGKILL of the agent alone: nothing is left that could speak for it."""
    router = start_bfd_router(bed, kind)
    agent = start_agent(bed, router)
    pid = helper(bed)
    os.kill(agent.process.pid, signal.SIGKILL)
    router.wait_bfd("down")
    router.wait_routes()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the BFD process")
    agent.kill()


def test_frozen_host(bed: Testbed, kind: str) -> None:
    """Agent and BFD process stop: silence. When they go on, so does everything."""
    router = start_bfd_router(bed, kind)
    agent = start_agent(bed, router)
    pids = [agent.process.pid, helper(bed)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    router.wait_bfd("down")
    router.wait_routes()
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    wait_up(agent, router)
    router.wait_routes(VIP4, VIP6)


def test_main_loop_that_stands_still(bed: Testbed, kind: str) -> None:
    """Packets do not wait for it, but they end with its hold time."""
    router = start_bfd_router(bed, kind, hold_time=9)
    agent = start_agent(bed, router, hold_time="6s")
    os.kill(agent.process.pid, signal.SIGSTOP)
    with router.namespace.inside():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    with tap:
        tap.bind(("eth0", ETH_P_IP))
        tap.settimeout(TIMEOUT)
        # More than the detection time has of them; the hold time of BGP ends later.
        for _ in range(5):
            while not is_up(tap.recv(2048), router.link.host_ip):
                pass
        assert router.bfd_state() == "up"
    router.wait_bfd("down")
    router.wait_routes()
    os.kill(agent.process.pid, signal.SIGCONT)
    wait_up(agent, router)
    router.wait_routes(VIP4, VIP6)


ETH_P_IP = 0x0800


def is_up(packet: bytes, source: str) -> bool:
    """BFD, state Up, in an IPv4 packet without options."""
    is_bfd = packet[9] == socket.IPPROTO_UDP and packet[12:16] == socket.inet_aton(source) and packet[22:24] == BFD_PORT
    return is_bfd and packet[29] >> 6 == UP


def test_process_that_was_stopped_for_a_moment(bed: Testbed) -> None:
    """Its socket is read before it calls the router silent: the router says so first."""
    router = start_bfd_router(bed, "bird")
    agent = start_agent(bed, router)
    before = bfd(agent, router.ip)["down_events"]
    pid = helper(bed)
    os.kill(pid, signal.SIGSTOP)
    router.wait_bfd("down")
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: bfd(agent, router.ip)["down_events"] > before, "down")
    assert bfd(agent, router.ip)["last_down"].startswith("signalled down by the neighbor")
    wait_up(agent, router)


def test_router_changes_its_timers(bed: Testbed) -> None:
    steady = {"multiplier": 30}
    router = start_bfd_router(bed, "frr", setup=steady)
    assert isinstance(router, BfdFrr)
    agent = start_agent(bed, router, bfd=steady)
    router.bfd_command(
        "configure terminal\nbfd\nprofile agent\ntransmit-interval 700\nreceive-interval 600"
    )

    def intervals() -> tuple[float, float]:
        found = bfd(agent, router.ip)
        return found["interval_seconds"], found["receive_interval_seconds"]

    wait_until(lambda: intervals() == (0.6, 0.7), "the router's timers")
    assert bfd(agent, router.ip)["down_events"] == 0
