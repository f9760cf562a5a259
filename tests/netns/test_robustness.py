"""Ordering and limits with a slow peer, many VIPs or an unusual network."""

import time
from pathlib import Path

import pytest

from .configs import VIP4, VIP6, app, config, peer
from .rawpeer import RawListener
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

DRAIN = 3
"""Seconds that an acknowledgement is waited for: DRAIN_MAX."""


def test_address_is_there_before_the_route(bed: Testbed) -> None:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    agent = bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}))
    session = listener.accept()
    session.establish(ROUTER_AS)
    for n in range(20):
        prefix = f"192.0.2.{n}/32"
        agent.register(f"app{n}", prefix)
        session.expect_route(prefix)
        assert prefix in bed.host.loopback_addresses()


def test_address_stays_while_a_router_may_still_send(bed: Testbed) -> None:
    """The withdrawal is not acknowledged, so the router may still send."""
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router)))
    agent.register("web", VIP4)
    router.wait_routes(VIP4)
    router.namespace.ip(f"route add blackhole {router.link.host_ip}/32")
    began = time.monotonic()
    agent.unregister("web")
    assert VIP4 in bed.host.loopback_addresses() or time.monotonic() - began > DRAIN
    router.namespace.ip(f"route del blackhole {router.link.host_ip}/32")
    bed.wait_loopback({})
    router.wait_routes()


@pytest.mark.parametrize("kind", ["bird", "gobgp", "openbgpd"])
def test_many_vips_arrive_and_leave(bed: Testbed, kind: str) -> None:
    vips = [f"198.18.{n // 256}.{n % 256}/32" for n in range(1000)]
    apps = tuple(app(f"app{n}", vip) for n, vip in enumerate(vips))
    router = bed.start_router(kind)
    agent = bed.start_agent(config(peer(router), apps=apps))
    router.wait_routes(*vips)
    assert len(bed.host.loopback_addresses()) == 1000
    agent.stop()
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_peer_that_stops_reading_is_given_up(bed: Testbed) -> None:
    """RFC 9687, the send hold timer."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip, receive_buffer=2048)
    apps = tuple(
        app(f"app{n}", f"192.0.2.{n}/32", communities=(f"65001:{n}",)) for n in range(1, 251)
    )
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "send_hold_time": "1s"}
    agent = bed.start_agent(config(entry, apps=apps))
    session = listener.accept()
    session.establish(ROUTER_AS)
    wait_until(
        lambda: "send hold" in agent.peer(link.router_ip)["last_error"].lower(),
        "the send hold timer expires",
    )
    # It may try again.
    listener.accept().establish(ROUTER_AS)


def test_link_local_peer(bed: Testbed) -> None:
    link = bed.link()
    link.namespace.ip("addr add fe80::1/64 dev eth0 nodad")
    listener = RawListener(link.namespace, "fe80::1%eth0")
    entry = {"peer_ip": f"fe80::1%{link.device}", "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry, apps=(app("web", [VIP4, VIP6]),)))
    session = listener.accept()
    for vip in VIP4, VIP6:
        wait_until(lambda vip=vip: agent.vip(vip)["form"] == "up", f"{vip} is to be announced")
    session.establish(ROUTER_AS, "10.0.1.1")
    agent.wait_log(f"peer fe80::1%{link.device}: established")
    assert agent.peer(f"fe80::1%{link.device}")["state"] == "established"
    updates = session.receive_updates_until_end_of_rib()
    announced = {prefix: hop for update in updates for prefix, hop in update.announced.items()}
    assert announced == {VIP4: link.host_ip, VIP6: link.host_ip6}


def test_two_routers_with_the_same_link_local_address(bed: Testbed) -> None:
    """The interface is part of the name wherever a peer is named."""
    listeners, names = [], []
    for link in (bed.link(), bed.link()):
        link.namespace.ip("addr add fe80::1/64 dev eth0 nodad")
        listeners.append(RawListener(link.namespace, "fe80::1%eth0"))
        names.append(f"fe80::1%{link.device}")
    entries = [{"peer_ip": name, "peer_as": ROUTER_AS} for name in names]
    agent = bed.make_agent(config(*entries, apps=(app("web", VIP4),)))
    agent.arguments.append("-v")
    agent.start()
    sessions = [listener.accept() for listener in listeners]
    for i, session in enumerate(sessions):
        session.establish(ROUTER_AS, f"10.0.{i}.1")
        session.expect_route(VIP4)
    for name in names:
        agent.wait_log(f"INFO  bgp: peer {name}: established")
        for message in ("sent OPEN", "received OPEN", rf"sent UPDATE \+{VIP4}"):
            agent.wait_log(f"DEBUG bgp: peer {name}: {message}")
        assert agent.peer(name)["state"] == "established"
    assert "peer fe80::1:" not in agent.log
    series = [line.rpartition(" ")[0] for line in agent.get("/metrics").text.splitlines() if line[0] != "#"]
    assert len(set(series)) == len(series)
    for name in names:
        assert f'vipherald_peer_up{{peer="{name}"' in "\n".join(series)


def test_host_without_ipv4_makes_a_router_id(bed: Testbed) -> None:
    link = bed.link()
    bed.host.ip(f"addr flush dev {link.device} scope global")
    bed.host.ip(f"addr add {link.host_ip6}/64 dev {link.device} nodad")
    entry = {"peer_ip": link.router_ip6, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry))
    agent.wait_log(r"router id \d+\.\d+\.\d+\.\d+.*machine-id")


def test_router_id_without_a_machine_id(bed: Testbed) -> None:
    """As in a container: of the MAC address alone, the same after a restart, another one for another host."""
    link = bed.link()
    bed.host.ip(f"addr flush dev {link.device} scope global")
    bed.host.ip(f"addr add {link.host_ip6}/64 dev {link.device} nodad")
    empty = bed.workdir / "machine-id"
    empty.touch()
    hide = f'[ ! -e /etc/machine-id ] || mount --bind {empty} /etc/machine-id; exec "$@"'
    listener = RawListener(link.namespace, link.router_ip6)
    agent = bed.make_agent(
        config({"peer_ip": link.router_ip6, "peer_as": ROUTER_AS}),
        wrapper=["unshare", "--mount", "--propagation", "private", "sh", "-ec", hide, "sh"],
    )

    def router_id() -> str:
        agent.start()
        session = listener.accept()
        told = session.expect_open().bgp_id
        agent.wait_log(f"router id {told}, derived from the MAC address of {link.device}, as")
        agent.stop()
        session.close()
        return told

    first = router_id()
    assert router_id() == first
    bed.host.ip(f"link set {link.device} address 02:00:00:00:00:77")
    assert router_id() != first


def test_host_without_ipv4_announces_ipv6(bed: Testbed) -> None:
    link = bed.link()
    bed.host.ip(f"addr flush dev {link.device} scope global")
    bed.host.ip(f"addr add {link.host_ip6}/64 dev {link.device} nodad")
    router = bed.start_router("bird", link, listen=link.router_ip6, agent_ip=link.host_ip6)
    bed.start_agent(config(peer(router), apps=(app("web", VIP6),), router_id="192.0.2.7"))
    assert router.wait_routes(VIP6)[VIP6].next_hop == link.host_ip6


def test_start_before_the_router(bed: Testbed) -> None:
    """Refused connections are tried again soon."""
    link = bed.link()
    entry = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry, apps=(app("web", VIP4),)))
    wait_until(lambda: "refused" in agent.peer(link.router_ip)["last_error"], "a refused attempt")
    router = bed.start_router("frr", link)
    router.wait_routes(VIP4)


def test_agent_leaves_no_file_descriptor_behind_for_checks(bed: Testbed) -> None:
    """A check inherits stdin, stdout and stderr and nothing else."""
    bed.link()
    listing = bed.workdir / "descriptors"
    command = f"exec:ls /proc/$$/fd > {listing}.new; mv {listing}.new {listing}"
    agent = bed.start_agent(
        config({"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}, apps=(app("a", VIP4, command),))
    )
    wait_until(listing.exists, "the check ran")
    wait_until(lambda: agent.app("a")["health"] == "up", "the check passed")
    descriptors = set(Path(listing).read_text().split())
    # 255 is bash's own, for its script.
    assert descriptors - {"255"} == {"0", "1", "2"}
