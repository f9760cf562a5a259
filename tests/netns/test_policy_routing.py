# SPDX-License-Identifier: MIT
"""Hosts whose routing depends on the source: policy routing, and IPv6 privacy addresses. Real routers, which
accept the session from one address only."""

from pathlib import Path

import pytest

from .configs import VIP4, VIP6, app, config, peer
from .routers import Router
from .testbed import Testbed
from .wait import never, wait_until

LOOPBACK = "10.200.0.1"
TABLE = [
    "route add 10.0.1.0/24 dev eth1 src 10.0.1.2 table 100",
    "route add default via 10.0.1.1 table 100",
]


def by_rule(bed: Testbed, kind: str, far: bool) -> tuple[Router, str, str]:
    """A router that only table 100 leads to, for packets from this host's address on that link; the main
    table has the default route of a management network. Returns the names of both interfaces."""
    link, management = bed.link(), bed.link()
    bed.host.ip(
        f"addr del {link.host_ip}/24 dev {link.device}",
        f"addr add {link.host_ip}/24 dev {link.device} noprefixroute",
        *TABLE,
        f"rule add from {link.host_ip} lookup 100",
        f"route add default via {management.router_ip}",
    )
    if far:
        link.namespace.ip(f"addr add {LOOPBACK}/32 dev lo")
        router = bed.start_router(kind, link, listen=LOOPBACK, multihop=5)
    else:
        router = bed.start_router(kind, link)
    return router, link.device, management.device


@pytest.mark.parametrize("far", [False, True], ids=["connected", "multi-hop"])
@pytest.mark.parametrize("kind", ["bird", "frr"])
def test_path_of_the_session_counts(bed: Testbed, kind: str, far: bool) -> None:
    router, device, management = by_rule(bed, kind, far)
    own = router.link.host_ip
    entry = peer(router, local_ip=own, **({"multi_hop": True} if far else {}))
    agent = bed.start_agent(config(entry, apps=(app("web", VIP4),), router_id=own))
    assert router.wait_routes(VIP4)[VIP4].next_hop == own
    assert "WARN  bgp" not in agent.log and "multi_hop" not in agent.log
    assert agent.peer(router.ip)["path_error"] == ""

    bed.host.ip(f"link set {management} down")
    never(
        lambda: agent.peer(router.ip)["path_error"] or agent.peer(router.ip)["sessions"] != 1,
        "the management network matters",
        0.3,
    )
    bed.host.ip(f"link set {management} up", "route replace default via 10.0.2.1")

    bed.host.ip(f"link set {device} down")
    wait_until(
        lambda: f"interface {device} is down" in agent.peer(router.ip)["path_error"],
        "the loss of the link is noticed",
    )
    if not far:
        agent.wait_log(f"session ended: interface {device} is down")
    bed.host.ip(f"link set {device} up", *TABLE)
    wait_until(lambda: agent.peer(router.ip)["path_error"] == "", "the link is back")
    router.wait_routes(VIP4)


def temporary(bed: Testbed, device: str) -> list[str]:
    info = bed.host.ip_json("-6", "addr", "show", "dev", device)[0]["addr_info"]
    return [entry["local"] for entry in info if entry.get("temporary")]


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_ipv6_session_does_not_start_from_a_privacy_address(bed: Testbed, kind: str) -> None:
    link = bed.link()
    with bed.host.inside():
        Path(f"/proc/sys/net/ipv6/conf/{link.device}/use_tempaddr").write_text("2")
    bed.host.ip(
        f"addr del {link.host_ip6}/64 dev {link.device}",
        f"addr add {link.host_ip6}/64 dev {link.device} nodad mngtmpaddr",
    )
    wait_until(lambda: temporary(bed, link.device), "a privacy address")
    [route] = bed.host.ip_json("-6", "route", "get", link.router_ip6)
    assert route["prefsrc"] in temporary(bed, link.device), "the kernel prefers it"
    router = bed.start_router(kind, link, agent_ip=link.host_ip6, listen=link.router_ip6)
    agent = bed.start_agent(config(peer(router), apps=(app("six", VIP6),), router_id="10.0.1.2"))
    assert router.wait_routes(VIP6)[VIP6].next_hop == link.host_ip6
    # It is replaced every day.
    bed.host.ip(*(f"addr del {a}/64 dev {link.device}" for a in temporary(bed, link.device)))
    assert agent.register("more", "2001:db8::99/128").status == 200
    router.wait_routes(VIP6, "2001:db8::99/128")
    assert agent.peer(router.ip)["sessions"] == 1


def test_ipv6_next_hop_of_an_ipv4_session_is_no_privacy_address(bed: Testbed) -> None:
    link = bed.link()
    with bed.host.inside():
        Path(f"/proc/sys/net/ipv6/conf/{link.device}/use_tempaddr").write_text("2")
    bed.host.ip(
        f"addr del {link.host_ip6}/64 dev {link.device}",
        f"addr add {link.host_ip6}/64 dev {link.device} nodad mngtmpaddr",
    )
    wait_until(lambda: temporary(bed, link.device), "a privacy address")
    router = bed.start_router("frr", link)
    bed.start_agent(config(peer(router), apps=(app("six", VIP6),)))
    assert router.wait_routes(VIP6)[VIP6].next_hop == link.host_ip6
